/**
 * Lets a body run on to its next step, or its end, and has that in its request: of a step as `Bare` has filled it in, else
 * OP_RETURNED or OP_FAILED.
 */
import { RESUME, YIELD_PAUSE } from "../../atomics/step.ts";
import { briefOf, textOf } from "../../diagnostics/text-of.ts";
import type { ViolationKind } from "../../interleaving/system.ts";
import type { Bare } from "./bare.ts";
import { BareError } from "./bare-error.ts";
import { OP_FAILED, OP_NONE, OP_PAUSE, OP_RETURNED, opName, type Request } from "./request.ts";

/** Called through one builtin: `generator.next` would be looked up on as many prototypes as there are bodies. */
const resumeGenerator = Object.getPrototypeOf(Object.getPrototypeOf((function* () {})())).next as (
  this: unknown,
  value?: number,
) => IteratorResult<unknown, unknown>;

export function ask(bare: Bare, request: Request): void {
  bare.current = request;
  request.op = OP_NONE;
  let result: IteratorResult<unknown, unknown>;
  try {
    result = resumeGenerator.call(request.coroutine, RESUME);
  } catch (cause) {
    fail(request, isCheck(cause) ? "assertion" : "threw", noGenerator(request.coroutine) ?? cause);
    return;
  }
  if (result.done) {
    request.returned = result.value;
    request.op = OP_RETURNED;
  } else if (request.op === OP_NONE || request.a < 0) strange(request, result.value);
}

/** What is wrong with a body that made something else than a generator. */
function noGenerator(made: unknown): BareError | undefined {
  if (Object.prototype.toString.call(made) === "[object Generator]") return undefined;
  const message = `its body made ${briefOf(made)}, and no generator: write it as function*, and wait with yield*`;
  return new BareError("ERR_PROGRAM", message);
}

/** What is no step on something that exists. */
function strange(request: Request, yielded: unknown): void {
  const { op } = request;
  if (op !== OP_NONE) {
    fail(request, "threw", new BareError("ERR_MEMORY", `${opName(op)} outside memory or misaligned`));
  } else if (yielded === YIELD_PAUSE) {
    request.op = OP_PAUSE;
  } else {
    const message = `yielded ${textOf(yielded)}, which is no step`;
    fail(request, "foreign-yield", new BareError("ERR_PROGRAM", message));
  }
}

function fail(request: Request, kind: ViolationKind, cause: unknown): void {
  request.failure = { kind, cause };
  request.op = OP_FAILED;
}

function isCheck(cause: unknown): boolean {
  return cause instanceof BareError && cause.code === "ERR_CHECK";
}
