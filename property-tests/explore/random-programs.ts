/** Random programs of bare mode: two or three threads (or as many as are asked for) of a few steps on few objects, so that they meet. */
import fc from "fast-check";
import type { Coroutine } from "../../src/atomics/step.ts";
import type { Bare, Program } from "../../src/explore/index.ts";

export type Operation =
  | readonly [
      kind:
        | "load"
        | "plain load"
        | "plain store"
        | "wait"
        | "timed"
        | "until"
        | "cas"
        | "store"
        | "xchg"
        | "add"
        | "notify",
      word: number,
      value: number,
    ]
  | readonly [kind: "lock" | "unlock" | "try", mutex: number, value: number]
  | readonly [kind: "choose" | "pause", a: number, b: number];

/** A step, and whether it is made only when the thread's last answer was 0. */
export interface Line {
  readonly operation: Operation;
  readonly guarded: boolean;
}

export interface RandomProgram {
  readonly threads: readonly (readonly Line[])[];
  /** The last thread is started and joined by the first. */
  readonly spawned: boolean;
  readonly any: boolean;
  readonly faults: boolean;
}

export const WORDS = ["load", "store", "store", "cas", "cas", "xchg", "add"] as const;
export const FUTEX = ["load", "store", "cas", "wait", "wait", "timed", "notify", "notify"] as const;
export const LOCKS = ["load", "store", "lock", "lock", "unlock", "try", "until", "until"] as const;
export const SPINS = ["load", "store", "store", "cas", "add", "until", "until", "until"] as const;
export const PLAIN = [
  "plain load",
  "plain store",
  "load",
  "store",
  "xchg",
  "cas",
  "lock",
  "unlock",
  "try",
  "wait",
  "notify",
] as const;
export const ALL_KINDS: readonly Operation[0][] = [...WORDS, ...FUTEX, ...LOCKS, "choose", "pause"];

export function randomProgram(
  kinds: readonly Operation[0][],
  options: { readonly maxLines?: number; readonly spawns?: boolean; readonly threads?: number } = {},
): fc.Arbitrary<RandomProgram> {
  const operation = fc.tuple(
    fc.constantFrom(...kinds),
    fc.nat(1),
    fc.nat(2),
  ) as unknown as fc.Arbitrary<Operation>;
  const line = fc.record({ operation, guarded: fc.boolean() });
  const thread = fc.array(line, { minLength: 1, maxLength: options.maxLines ?? 3 });
  return fc.record({
    threads: fc.array(thread, { minLength: options.threads ?? 2, maxLength: options.threads ?? 3 }),
    spawned: options.spawns === true ? fc.boolean() : fc.constant(false),
    any: fc.boolean(),
    faults: fc.nat(9).map((draw) => draw === 0),
  });
}

/** The answers of a thread, all of them, are its result: an interleaving that changes one changes the final state. */
/** `spins`: what awaits a value does so by looking. `forbidden`: at the end the first word is not to have this value. */
export function asProgram({ threads, spawned }: RandomProgram, spins = false, forbidden?: number): Program {
  return (bare) => {
    const words = [bare.word(), bare.word()];
    if (forbidden !== undefined)
      bare.atEnd(() => bare.check(bare.peek32(words[0]!) !== forbidden, "it has the value"));
    const mutexes = [bare.mutex(), bare.mutex()];
    const body = (lines: readonly Line[]) =>
      function* (): Coroutine<number> {
        let last = 0;
        let all = 1;
        const held = new Set<number>();
        for (const { operation, guarded } of lines) {
          if (guarded && last !== 0) continue;
          const answer = yield* perform(bare, operation, words, mutexes, held, spins);
          last = answer;
          all = (Math.imul(all, 31) + answer) | 0;
        }
        return all;
      };
    const started = spawned ? threads.slice(0, -1) : threads;
    started.forEach((lines, index) => {
      if (index > 0 || !spawned) bare.thread(body(lines));
      else {
        bare.thread(function* () {
          const child = yield* bare.spawn(body(threads.at(-1)!));
          const own = yield* body(lines)();
          yield* bare.join(child);
          return own;
        });
      }
    });
  };
}

function* perform(
  bare: Bare,
  [kind, object, value]: Operation,
  words: readonly Parameters<Bare["load32"]>[0][],
  mutexes: readonly number[],
  held: Set<number>,
  spins: boolean,
): Coroutine<number> {
  const word = words[object]!;
  const mutex = mutexes[object]!;
  switch (kind) {
    case "load":
      return yield* bare.load32(word);
    case "plain load":
      return yield* bare.plainLoad32(word);
    case "plain store":
      return yield* bare.plainStore32(word, value);
    case "store":
      return yield* bare.store32(word, value);
    case "xchg":
      return yield* bare.xchg32(word, value);
    case "add":
      return yield* bare.add32(word, 1);
    case "cas":
      return yield* bare.cmpxchg32(word, value, value + 1);
    case "wait":
      return yield* bare.wait(word, value & 1);
    case "timed":
      return yield* bare.wait(word, value & 1, true);
    case "notify":
      return yield* bare.notify(word, value);
    case "until":
      while (spins) {
        const found = yield* bare.load32(word);
        if (found !== value) return found;
      }
      return yield* bare.until(word, (found) => found !== value);
    case "lock":
      held.add(mutex);
      return yield* bare.lock(mutex);
    case "try": {
      const got = yield* bare.tryLock(mutex);
      if (got === 1) held.add(mutex);
      return got;
    }
    case "unlock":
      if (!held.delete(mutex)) return 0;
      return yield* bare.unlock(mutex);
    case "choose":
      return yield* bare.choose(2);
    case "pause":
      return yield* bare.pause();
  }
}
