/**
 * Records what the threads of a bare program ask of an object and what they are answered, to be held to a sequential model.
 *
 * ```ts
 * const history = new History<string, number>(bare, 2);
 * bare.thread(function* () {
 *   yield* history.call(0, "add", add());
 * });
 * bare.atEnd(() => history.check(counterModel));
 * ```
 *
 * To be invoked and to return are steps: only that an operation returned before another was invoked matters, so returning
 * writes a word of the thread's own, and being invoked reads the words of all. Two that return, or two that are
 * invoked, do not depend on each other, and their order is not explored.
 */
import { type Addr, offsetBy } from "../../atomics/address.ts";
import type { Coroutine } from "../../atomics/step.ts";
import { linearize, type Model, type Operation } from "../linearizability.ts";
import type { Bare } from "./bare.ts";
import { BareError } from "./bare-error.ts";

interface Entry<I, O> {
  thread: number;
  input: I;
  invokedAt: number;
  returnedAt: number;
  output: O | undefined;
}

/** Calls of an object with inputs I and outputs O, in the order of their begins and ends: what `linearize` judges. */
export class History<I, O> {
  readonly #bare: Bare;
  readonly #returns: Addr;
  readonly #seen: Uint8Array;
  #records: Entry<I, O>[] = [];
  #clock = 0;

  /** `threads`: their numbers are below it. */
  constructor(bare: Bare, threads: number) {
    this.#bare = bare;
    this.#returns = bare.array(threads, 0, "returns");
    this.#seen = new Uint8Array(4 * threads);
    bare.onReset(() => {
      this.#records = [];
      this.#clock = 0;
    });
  }

  /** What has been asked so far, in the order of being invoked. */
  get operations(): readonly Operation<I, O>[] {
    return this.#records;
  }

  /** Runs `operation`, which has not begun, as an operation of `thread` with `input`. What it throws leaves it without an answer. */
  *call(thread: number, input: I, operation: Coroutine<O>): Coroutine<O> {
    const bare = this.#bare;
    yield* bare.copyOut(this.#returns, this.#seen);
    const record: Entry<I, O> = {
      thread,
      input,
      invokedAt: this.#clock++,
      returnedAt: Number.POSITIVE_INFINITY,
      output: undefined,
    };
    this.#records.push(record);
    const output = yield* operation;
    yield* bare.store32(offsetBy(this.#returns, 4 * thread), 1);
    record.returnedAt = this.#clock++;
    record.output = output;
    return output;
  }

  /** Throws, with the history, if no sequential order explains it. */
  check<S>(model: Model<S, I, O>): void {
    if (linearize(this.#records, model) !== undefined) return;
    const lines = this.#records.map(({ thread, input, output, returnedAt }) => {
      const answer = returnedAt === Number.POSITIVE_INFINITY ? "no answer" : JSON.stringify(output);
      return `thread ${thread}: ${tell(input)} -> ${answer}`;
    });
    throw new BareError("ERR_CHECK", `not linearizable: ${lines.join("; ")}`);
  }
}

/** What can tell what it is does. */
function tell(input: unknown): string {
  const tells = typeof input === "object" && input !== null && input.toString !== Object.prototype.toString;
  return tells ? String(input) : JSON.stringify(input);
}
