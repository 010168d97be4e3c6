/** Litmus WRC, write to read causality. */
import { type BenchProgram, define } from "./define.ts";

export const wrc: BenchProgram = define("wrc", {}, () => (bare) => {
  const x = bare.word(0, "x");
  const y = bare.word(0, "y");
  bare.thread(function* () {
    yield* bare.store32(x, 1);
  });
  bare.thread(function* () {
    yield* bare.load32(x);
    yield* bare.store32(y, 1);
  });
  bare.thread(function* () {
    yield* bare.load32(y);
    yield* bare.load32(x);
  });
});
