/** Litmus MP, message passing: data and flag stored, flag and data loaded. */
import { type BenchProgram, define } from "./define.ts";

export const mp: BenchProgram = define("mp", {}, () => (bare) => {
  const x = bare.word(0, "x");
  const y = bare.word(0, "y");
  bare.thread(function* () {
    yield* bare.store32(x, 1);
    yield* bare.store32(y, 1);
  });
  bare.thread(function* () {
    yield* bare.load32(y);
    yield* bare.load32(x);
  });
});
