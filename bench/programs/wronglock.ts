/** One thread counts under one lock, k under another (SCTBench). Fails. */
import { type BenchProgram, define } from "./define.ts";

export const wronglock: BenchProgram = define("wronglock", { k: 3 }, ({ k }) => (bare) => {
  const v = bare.word(0, "v");
  const right = bare.mutex("right");
  const wrong = bare.mutex("wrong");
  bare.thread(function* () {
    yield* bare.lock(right);
    const x = yield* bare.load32(v);
    yield* bare.store32(v, (yield* bare.load32(v)) + 1);
    bare.check((yield* bare.load32(v)) === x + 1, "somebody else counted");
    yield* bare.unlock(right);
  });
  for (let i = 0; i < k; i++) {
    bare.thread(function* () {
      yield* bare.lock(wrong);
      yield* bare.store32(v, (yield* bare.load32(v)) + 1);
      yield* bare.unlock(wrong);
    });
  }
});
