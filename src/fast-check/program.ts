/**
 * An arbitrary of programs: threads of random operations on few words and mutexes, so that they meet.
 *
 * ```ts
 * fc.assert(fc.property(executions(program({ operations: ["lock", "unlock", "add32"] })), (execution) => execution.check()));
 * ```
 *
 * Shrinks to fewer threads, then fewer operations, fewer faults, and smaller operands. What shrinks is the value and no context:
 * every candidate is tried again after the schedule has changed, so that what is left at the end is small in all of these ways at
 * once. fast-check's own arrays go on where they were and would miss some.
 */
import { Arbitrary, type Random, Stream, Value } from "fast-check";
import { ExploreError } from "../explore/explore-error.ts";
import {
  DrawnProgram,
  OPERATION_KINDS,
  type Operation,
  type OperationKind,
  type ProgramEnd,
  type ProgramText,
} from "./drawn-program.ts";

/** What programs are drawn from. */
export interface ProgramConstraints {
  /** Default: those on words, and on mutexes. Named more than once, one is drawn more often. */
  readonly operations?: readonly OperationKind[];
  /** Default 2 and 3. */
  readonly minThreads?: number;
  readonly maxThreads?: number;
  /** Of a thread, at least 1. Default 4. */
  readonly maxOperations?: number;
  /** Default 2. */
  readonly words?: number;
  /** Default 2. */
  readonly mutexes?: number;
  /** Values are below it. Default 3. */
  readonly values?: number;
  /** Spurious wake-ups and interruptions of each thread, at most. Default 0. */
  readonly maxFaults?: number;
  /** Whom a notify wakes: "any" draws either order. Default "fifo". */
  readonly wakeOrder?: "fifo" | "any";
  /** Called at the end of each execution; what it throws is a violation. */
  readonly check?: (end: ProgramEnd) => void;
}

const DEFAULTS: Required<Omit<ProgramConstraints, "check">> = {
  operations: ["load32", "store32", "cmpxchg32", "xchg32", "add32", "lock", "unlock", "tryLock"],
  minThreads: 2,
  maxThreads: 3,
  maxOperations: 4,
  words: 2,
  mutexes: 2,
  values: 3,
  maxFaults: 0,
  wakeOrder: "fifo",
};

type Checked = typeof DEFAULTS & Pick<ProgramConstraints, "check">;

const MOST = 1_000;

/** Throws ERR_EXPLORE_OPTION naming the first bad value. */
export function program(constraints: ProgramConstraints = {}): Arbitrary<DrawnProgram> {
  const checked = { ...DEFAULTS, ...constraints };
  const { operations, minThreads } = checked;
  const unknown = operations.find((kind) => !OPERATION_KINDS.includes(kind));
  if (operations.length === 0 || unknown !== undefined) {
    throw refused("operations", `some of ${OPERATION_KINDS.join(", ")}`, unknown ?? "none");
  }
  for (const name of ["minThreads", "maxOperations", "words", "mutexes", "values"] as const)
    checkInteger(name, checked[name], 1);
  checkInteger("maxThreads", checked.maxThreads, minThreads);
  checkInteger("maxFaults", checked.maxFaults, 0);
  return new ProgramArbitrary(checked);
}

function checkInteger(name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least && value <= MOST) return;
  throw refused(name, `an integer from ${least} to ${MOST}`, value);
}

function refused(name: string, wanted: string, got: unknown): ExploreError {
  return new ExploreError("ERR_EXPLORE_OPTION", `${name} must be ${wanted}, got ${String(got)}`);
}

class ProgramArbitrary extends Arbitrary<DrawnProgram> {
  readonly #constraints: Checked;

  constructor(constraints: Checked) {
    super();
    this.#constraints = constraints;
  }

  override generate(random: Random): Value<DrawnProgram> {
    const { words, mutexes, values, operations, check, wakeOrder } = this.#constraints;
    const { minThreads, maxThreads, maxOperations, maxFaults } = this.#constraints;
    const draw = (): Operation => {
      const kind = operations[random.nextInt(0, operations.length - 1)]!;
      const value = random.nextInt(0, values - 1);
      const objects = isLock({ kind, object: 0, value }) ? mutexes : words;
      return { kind, object: random.nextInt(0, objects - 1), value };
    };
    const thread = (): Operation[] => Array.from({ length: random.nextInt(1, maxOperations) }, draw);
    const threads = Array.from({ length: random.nextInt(minThreads, maxThreads) }, thread);
    const faults = random.nextInt(0, maxFaults);
    const order = wakeOrder === "any" && random.nextInt(0, 1) === 1 ? "any" : "fifo";
    return asValue(new DrawnProgram({ threads, words, mutexes, faults, wakeOrder: order, check }));
  }

  override canShrinkWithoutContext(value: unknown): value is DrawnProgram {
    return value instanceof DrawnProgram;
  }

  override shrink(value: DrawnProgram): Stream<Value<DrawnProgram>> {
    return new Stream(smallerPrograms(value.text, this.#constraints.minThreads)).map(asValue);
  }
}

function asValue(drawn: DrawnProgram): Value<DrawnProgram> {
  return new Value(drawn, undefined);
}

/** The boldest cuts first. Each has fewer threads, operations, faults or choices, or smaller operands, so this has an end. */
function* smallerPrograms(text: ProgramText, minThreads: number): Generator<DrawnProgram, undefined> {
  const { threads, faults, wakeOrder } = text;
  const busy = threads.filter((operations) => operations.length > 0).length;
  const replaced = (t: number, operations: readonly Operation[]): ProgramText => ({
    ...text,
    threads: threads.map((other, i) => (i === t ? operations : other)),
  });
  for (const [t, operations] of threads.entries()) {
    if (operations.length > 0 && busy > minThreads) yield new DrawnProgram(replaced(t, []));
  }
  for (const [t, operations] of threads.entries()) {
    if (operations.length === 1 && busy <= minThreads) continue;
    for (const i of operations.keys())
      yield new DrawnProgram(replaced(t, operations.toSpliced(i, 1)), [t, i]);
  }
  for (const fewer of new Set([0, faults >> 1, faults - 1])) {
    if (fewer >= 0 && fewer < faults) yield new DrawnProgram({ ...text, faults: fewer });
  }
  if (wakeOrder === "any") yield new DrawnProgram({ ...text, wakeOrder: "fifo" });
  yield* exchanged(text);
  for (const [t, operations] of threads.entries()) {
    for (const [i, operation] of operations.entries()) {
      for (const simpler of simplerOperations(operation))
        yield new DrawnProgram(replaced(t, operations.with(i, simpler)));
    }
  }
}

/** Two words, or two mutexes, in each other's place, if the lower number is then the one that is used more. */
function* exchanged(text: ProgramText): Generator<DrawnProgram, undefined> {
  for (const mutexes of [false, true]) {
    const uses = new Int32Array(mutexes ? text.mutexes : text.words);
    const counted = text.threads.flat().filter((operation) => isLock(operation) === mutexes);
    for (const { object } of counted) uses[object]!++;
    for (let low = 0; low < uses.length; low++) {
      for (let high = low + 1; high < uses.length; high++) {
        if (uses[high]! <= uses[low]!) continue;
        const exchange = (operation: Operation): Operation => {
          const { object } = operation;
          if (isLock(operation) !== mutexes || (object !== low && object !== high)) return operation;
          return { ...operation, object: low + high - object };
        };
        const threads = text.threads.map((operations) => operations.map(exchange));
        yield new DrawnProgram({ ...text, threads });
      }
    }
  }
}

function isLock({ kind }: Operation): boolean {
  return kind === "lock" || kind === "tryLock" || kind === "unlock";
}

function* simplerOperations(operation: Operation): Generator<Operation, undefined> {
  const { kind, object, value } = operation;
  if (kind === "timedWait") yield { ...operation, kind: "wait" };
  if (kind === "tryLock") yield { ...operation, kind: "lock" };
  for (let smaller = 0; smaller < object; smaller++) yield { ...operation, object: smaller };
  for (const smaller of new Set([0, value >> 1, value - 1])) {
    if (smaller >= 0 && smaller < value) yield { ...operation, value: smaller };
  }
}
