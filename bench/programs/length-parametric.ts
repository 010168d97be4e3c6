/** Two threads that store and load a word of their own n times, and then a common one once: 4 classes, however long (Nidhugg). */
import { type BenchProgram, define } from "./define.ts";

export const lengthParametric: BenchProgram = define("length_parametric", { n: 10 }, ({ n }) => (bare) => {
  const v = bare.word(0, "v");
  for (const t of [0, 1]) {
    const own = bare.word(0, `own[${t}]`);
    bare.thread(function* () {
      for (let i = 0; i < n; i++) {
        yield* bare.store32(own, i);
        yield* bare.load32(own);
      }
      yield* bare.store32(v, t);
      yield* bare.load32(v);
    });
  }
});
