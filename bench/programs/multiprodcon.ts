/** n producers that draw a number each and ask the worker of that number, and n workers that look for requests twice (Nguyen and others, CAV 2018). */
import { type BenchProgram, define } from "./define.ts";

export const multiprodcon: BenchProgram = define(
  "multiprodcon",
  { n: 2 },
  ({ n }) =>
    (bare) => {
      const asked = Array.from({ length: n }, (_, i) => bare.word(0, `asked[${i}]`));
      const done = asked.map((_, i) => bare.word(0, `done[${i}]`));
      const locks = asked.map((_, i) => bare.mutex(`lock of worker ${i}`));
      const digits = bare.word(0, "digits");
      const draw = bare.mutex("lock of the digits");
      const work = function* (_self: number, at: number) {
        for (let task = 0; task < 2; task++) {
          yield* bare.lock(locks[at]!);
          const some = (yield* bare.load32(asked[at]!)) !== 0;
          if (some) yield* bare.store32(asked[at]!, (yield* bare.load32(asked[at]!)) - 1);
          yield* bare.unlock(locks[at]!);
          if (some) yield* bare.store32(done[at]!, (yield* bare.load32(done[at]!)) + 1);
        }
      };
      const produce = function* (_self: number, digit: number) {
        yield* bare.lock(draw);
        yield* bare.store32(digits, (yield* bare.load32(digits)) * n + digit);
        const drawn = yield* bare.load32(digits);
        yield* bare.unlock(draw);
        const at = drawn % n;
        yield* bare.lock(locks[at]!);
        yield* bare.store32(asked[at]!, (yield* bare.load32(asked[at]!)) + 1);
        yield* bare.unlock(locks[at]!);
      };
      bare.thread(function* () {
        for (let at = 0; at < n; at++) yield* bare.spawn(work, at);
        for (let digit = 0; digit < n; digit++) yield* bare.spawn(produce, digit);
      }, "main");
    },
  ({ n }) => ({ maxThreads: 1 + 2 * n, bytes: 256 + 48 * n }),
);
