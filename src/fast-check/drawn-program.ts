/**
 * A program of bare mode as data: what `program()` draws and shrinks.
 *
 * Threads keep their numbers while others go: one that has nothing left to do is still there and makes no step, so a schedule
 * of the larger program is one of the smaller.
 *
 * A thread locks no mutex that it holds and unlocks none that it does not: such an operation is left out. What it holds at its
 * end it unlocks, the last first.
 *
 * A program without a check is pure (docs/explorer.md). With one its threads leave their answers where it finds them, those too that
 * never come to their end.
 */
import type { Addr } from "../atomics/address.ts";
import type { Coroutine } from "../atomics/step.ts";
import type { Bare } from "../explore/bare/bare.ts";
import { BareSystem } from "../explore/bare/bare-system.ts";
import type { WakeOrder } from "../explore/bare/sleepers.ts";
import type { Explorable } from "../explore/explorable.ts";
import { mix } from "../explore/mix.ts";
import { actorOf, type Choice, type Schedule } from "../interleaving/schedule.ts";
import type { System } from "../interleaving/system.ts";

/** Operations by the names that they have on `Bare`, and `timedWait`, a wait that may time out. */
export const OPERATION_KINDS = [
  "load32",
  "store32",
  "cmpxchg32",
  "xchg32",
  "add32",
  "plainLoad32",
  "plainStore32",
  "wait",
  "timedWait",
  "notify",
  "lock",
  "tryLock",
  "unlock",
  "pause",
] as const;
/** What an operation of a drawn program does. */
export type OperationKind = (typeof OPERATION_KINDS)[number];

/** One step of a thread. A compare-exchange stores `value + 1` for `value`; a notify wakes `value`. */
export interface Operation {
  readonly kind: OperationKind;
  /** Number of the word, or of the mutex. */
  readonly object: number;
  readonly value: number;
}

/** What an execution has come to. */
export interface ProgramEnd {
  /** What is in the words. */
  readonly words: readonly number[];
  /** By thread: the answers to its operations, in order, those left out included as 0. */
  readonly answers: readonly (readonly number[])[];
}

export interface ProgramText {
  readonly threads: readonly (readonly Operation[])[];
  readonly words: number;
  readonly mutexes: number;
  /** Spurious wake-ups and interruptions of each thread in one execution. */
  readonly faults: number;
  readonly wakeOrder: WakeOrder;
  /** Called at the end of an execution; what it throws is a violation. */
  readonly check?: ((end: ProgramEnd) => void) | undefined;
}

/** A program that was drawn: its text, and itself as something to explore. */
export class DrawnProgram implements Explorable {
  readonly text: ProgramText;
  /** The operation that the program has lost to become this one: its thread and its place there. */
  readonly #lost: readonly [thread: number, place: number] | undefined;

  constructor(text: ProgramText, lost?: readonly [thread: number, place: number]) {
    this.text = text;
    this.#lost = lost;
  }

  get threads(): readonly (readonly Operation[])[] {
    return this.text.threads;
  }

  makeSystem(): System {
    const { words, faults, wakeOrder, check } = this.text;
    const bytes = 64 + 8 * Math.ceil(words / 2);
    const pure = check === undefined;
    return new BareSystem((bare) => layOut(bare, this.text), { bytes, faults, wakeOrder, pure });
  }

  /** A schedule of the program that this one came from, without the step that is no more. */
  adapt(schedule: Schedule): Choice[] {
    if (this.#lost === undefined) return [...schedule];
    const [thread, place] = this.#lost;
    let seen = 0;
    return schedule.filter((made) => actorOf(made) !== thread || seen++ !== place);
  }

  toString(): string {
    const told = this.threads.flatMap((operations, t) =>
      operations.length === 0 ? [] : [`t${t} { ${operations.map(describe).join("; ")} }`],
    );
    const { faults } = this.text;
    return told.join(" | ") + (faults === 0 ? "" : ` with ${faults} fault${faults === 1 ? "" : "s"}`);
  }
}

function describe({ kind, object, value }: Operation): string {
  switch (kind) {
    case "load32":
    case "plainLoad32":
      return `${kind}(w${object})`;
    case "cmpxchg32":
      return `cmpxchg32(w${object}, ${value}, ${value + 1})`;
    case "lock":
    case "tryLock":
    case "unlock":
      return `${kind}(m${object})`;
    case "pause":
      return "pause()";
    default:
      return `${kind}(w${object}, ${value})`;
  }
}

interface Ground {
  readonly words: readonly Addr[];
  readonly mutexes: readonly number[];
  /** By thread; undefined: nobody looks. */
  readonly answers: number[][] | undefined;
}

function layOut(bare: Bare, { threads, words, mutexes, check }: ProgramText): void {
  const answers: number[][] | undefined = check === undefined ? undefined : threads.map(() => []);
  const ground: Ground = {
    words: Array.from({ length: words }, (_, i) => bare.word(0, `w${i}`)),
    mutexes: Array.from({ length: mutexes }, (_, i) => bare.mutex(`m${i}`)),
    answers,
  };
  for (const operations of threads) bare.thread((self) => run(bare, operations, ground, self));
  if (check === undefined || answers === undefined) return;
  bare.onReset(() => {
    for (const own of answers) own.length = 0;
  });
  bare.atEnd(() => check({ words: ground.words.map((a) => bare.peek32(a)), answers }));
}

/** Returns a digest of the answers. */
function* run(bare: Bare, operations: readonly Operation[], ground: Ground, self: number): Coroutine<number> {
  const held: number[] = [];
  let digest = 0;
  for (const operation of operations) {
    const answer = yield* perform(bare, operation, ground, held);
    ground.answers?.[self]?.push(answer);
    digest = mix(digest, answer);
  }
  for (const mutex of held.reverse()) yield* bare.unlock(mutex);
  return digest;
}

function* perform(bare: Bare, operation: Operation, ground: Ground, held: number[]): Coroutine<number> {
  const { kind, object, value } = operation;
  const word = ground.words[object]!;
  switch (kind) {
    case "load32":
    case "plainLoad32":
      return yield* bare[kind](word);
    case "store32":
    case "xchg32":
    case "add32":
    case "plainStore32":
    case "notify":
      return yield* bare[kind](word, value);
    case "cmpxchg32":
      return yield* bare.cmpxchg32(word, value, value + 1);
    case "wait":
    case "timedWait":
      return yield* bare.wait(word, value, kind === "timedWait");
    case "pause":
      return yield* bare.pause();
    default:
      return yield* performLock(bare, kind, ground.mutexes[object]!, held);
  }
}

function* performLock(
  bare: Bare,
  kind: "lock" | "tryLock" | "unlock",
  mutex: number,
  held: number[],
): Coroutine<number> {
  const at = held.indexOf(mutex);
  if (kind === "unlock") {
    if (at < 0) return 0;
    held.splice(at, 1);
    return yield* bare.unlock(mutex);
  }
  if (at >= 0) return 0;
  const got = kind === "lock" ? 1 - (yield* bare.lock(mutex)) : yield* bare.tryLock(mutex);
  if (got === 1) held.push(mutex);
  return got;
}
