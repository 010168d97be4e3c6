/**
 * The deque of Chase and Lev (2005): an owner that pushes `pushes`, pops `pops` and pushes two more, and thieves that try to steal
 * once. `wrong` 1: the owner looks at the top before it takes the bottom back. Then the
 * last but one of two values is had twice, if there are two thieves and one pop.
 */
import type { Coroutine } from "../../src/atomics/step.ts";
import { type BenchProgram, define } from "./define.ts";

const PLACES = 10;

export const chaseLev: BenchProgram = define(
  "chase_lev",
  { stealers: 1, pushes: 5, pops: 3, wrong: 0 },
  ({ stealers, pushes, pops, wrong }) =>
    (bare) => {
      const bottom = bare.word(0, "bottom");
      const top = bare.word(0, "top");
      const buffer = Array.from({ length: PLACES }, (_, i) => bare.word(0, `buffer[${i}]`));
      const had = Array.from({ length: pushes + 3 }, (_, i) => bare.word(0, `had[${i}]`));
      function* take(value: number): Coroutine<void> {
        bare.check((yield* bare.xchg32(had[value]!, 1)) === 0, "a value was had twice");
      }
      function* push(value: number): Coroutine<void> {
        const b = yield* bare.load32(bottom);
        if (b - (yield* bare.load32(top)) >= PLACES) return;
        yield* bare.store32(buffer[b % PLACES]!, value);
        yield* bare.store32(bottom, b + 1);
      }
      function* pop(): Coroutine<void> {
        const b = yield* bare.load32(bottom);
        let t = wrong === 0 ? 0 : yield* bare.load32(top);
        yield* bare.store32(bottom, (b - 1) >>> 0);
        if (wrong === 0) t = yield* bare.load32(top);
        if (b - t <= 0) {
          yield* bare.store32(bottom, b);
          return;
        }
        const value = yield* bare.load32(buffer[(b - 1) % PLACES]!);
        if (b - t > 1) {
          yield* take(value);
          return;
        }
        const won = (yield* bare.cmpxchg32(top, t, t + 1)) === 0;
        yield* bare.store32(bottom, b);
        if (won) yield* take(value);
      }
      bare.thread(function* () {
        for (let value = 1; value <= pushes; value++) yield* push(value);
        for (let i = 0; i < pops; i++) yield* pop();
        for (let value = pushes + 1; value <= pushes + 2; value++) yield* push(value);
      }, "owner");
      for (let i = 0; i < stealers; i++) {
        bare.thread(function* () {
          const t = yield* bare.load32(top);
          if (((yield* bare.load32(bottom)) | 0) - t <= 0) return;
          const value = yield* bare.load32(buffer[t % PLACES]!);
          if ((yield* bare.cmpxchg32(top, t, t + 1)) === 0) yield* take(value);
        }, `thief ${i}`);
      }
    },
  ({ pushes }) => ({ bytes: 256 + 8 * pushes }),
);
