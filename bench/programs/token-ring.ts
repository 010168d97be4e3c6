/** Three threads that pass a number on under one lock, a fourth that expects it to be the same with all (SCTBench). Fails. */
import { type BenchProgram, define } from "./define.ts";

export const tokenRing: BenchProgram = define("token_ring", {}, () => (bare) => {
  const x = [bare.word(1, "x1"), bare.word(2, "x2"), bare.word(1, "x3")];
  const passed = [bare.word(0, "passed1"), bare.word(0, "passed2"), bare.word(0, "passed3")];
  const mutex = bare.mutex();
  bare.thread(function* () {
    for (let t = 0; t < 3; t++) {
      yield* bare.spawn(function* () {
        yield* bare.lock(mutex);
        const before = yield* bare.load32(x[(t + 2) % 3]!);
        yield* bare.store32(x[t]!, t === 0 ? (before + 1) % 4 : before);
        yield* bare.store32(passed[t]!, 1);
        yield* bare.unlock(mutex);
      });
    }
    yield* bare.spawn(function* () {
      yield* bare.lock(mutex);
      let [all, same] = [true, true];
      for (const flag of passed) all = all && (yield* bare.load32(flag)) === 1;
      if (all) {
        const first = yield* bare.load32(x[0]!);
        const second = yield* bare.load32(x[1]!);
        same = first === second && second === (yield* bare.load32(x[2]!));
      }
      yield* bare.unlock(mutex);
      bare.check(same, "the numbers differ");
    });
  }, "main");
});
