/**
 * n threads that set a word each under its lock; `rounds` times one that chooses a word and one that takes what is set there (Nguyen
 * and others, CAV 2018: source sets give up exponentially many).
 */
import { type BenchProgram, define } from "./define.ts";

export const poke: BenchProgram = define(
  "poke",
  { n: 2, rounds: 4 },
  ({ n, rounds }) =>
    (bare) => {
      const words = Array.from({ length: n }, (_, i) => bare.word(0, `a[${i}]`));
      const locks = words.map((_, i) => bare.mutex(`lock of a[${i}]`));
      const chosen = bare.word(0, "chosen");
      const choice = bare.mutex("lock of the choice");
      const taken = bare.word(0, "taken");
      const set = function* (_self: number, at: number) {
        yield* bare.lock(locks[at]!);
        yield* bare.store32(words[at]!, 1);
        yield* bare.unlock(locks[at]!);
      };
      const choose = function* () {
        for (let at = 1; at < n; at++) {
          yield* bare.lock(choice);
          yield* bare.store32(chosen, at);
          yield* bare.unlock(choice);
        }
      };
      const take = function* () {
        yield* bare.lock(choice);
        const at = yield* bare.load32(chosen);
        yield* bare.unlock(choice);
        yield* bare.lock(locks[at]!);
        if ((yield* bare.load32(words[at]!)) === 1) {
          yield* bare.store32(taken, (yield* bare.load32(taken)) + 1);
          yield* bare.store32(words[at]!, 0);
        }
        yield* bare.unlock(locks[at]!);
      };
      bare.thread(function* () {
        const setters: number[] = [];
        for (let at = 0; at < n; at++) setters.push(yield* bare.spawn(set, at));
        for (let round = 0; round < rounds; round++) {
          const pair = [yield* bare.spawn(choose), yield* bare.spawn(take)];
          for (const child of pair) yield* bare.join(child);
        }
        for (const setter of setters) yield* bare.join(setter);
        let all = yield* bare.load32(taken);
        for (const word of words) all += yield* bare.load32(word);
        bare.check(all === n, "what was set was lost, or taken twice");
      }, "main");
    },
  ({ n, rounds }) => ({ maxThreads: 1 + n + 2 * rounds, bytes: 256 + 32 * n }),
);
