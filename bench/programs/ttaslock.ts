/** n threads that wait until a lock is free and then exchange it, again and again: test and test-and-set. */
import { criticalSection } from "./critical-section.ts";
import { type BenchProgram, define } from "./define.ts";

export const ttaslock: BenchProgram = define("ttaslock", { n: 2, cut: 0 }, ({ n, cut }) => (bare) => {
  const lock = bare.word(0, "lock");
  const inside = bare.word(0, "inside");
  for (let own = 0; own < n; own++) {
    bare.thread(function* () {
      for (;;) {
        yield* bare.until(lock, (taken) => taken === 0);
        if ((yield* bare.xchg32(lock, 1)) === 0) break;
        if (cut !== 0) yield* bare.cut();
      }
      yield* criticalSection(bare, inside, own);
      yield* bare.store32(lock, 0);
    });
  }
});
