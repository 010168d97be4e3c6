/** n threads that store and load a word of their own 42 times; two of them then a common one: 4 classes, however many (Nidhugg). */
import { type BenchProgram, define } from "./define.ts";

const ROUNDS = 42;

export const threadParametric: BenchProgram = define("thread_parametric", { n: 3 }, ({ n }) => (bare) => {
  const v = bare.word(0, "v");
  for (let t = 0; t < n; t++) {
    const own = bare.word(0, `own[${t}]`);
    bare.thread(function* () {
      for (let i = 0; i < ROUNDS; i++) {
        yield* bare.store32(own, i);
        yield* bare.load32(own);
      }
      if (t >= 2) return;
      yield* bare.store32(v, t);
      yield* bare.load32(v);
    });
  }
});
