/** Four threads on which source sets begin executions that they give up (J.ACM 2017). */
import { type BenchProgram, define } from "./define.ts";

export const jacmSsb: BenchProgram = define("jacm_ssb", {}, () => (bare) => {
  const x = bare.word(0, "x");
  const y = bare.word(0, "y");
  const z = bare.word(0, "z");
  bare.thread(function* () {
    yield* bare.load32(x);
  }, "p");
  bare.thread(function* () {
    yield* bare.store32(y, 1);
  }, "q");
  bare.thread(function* () {
    if ((yield* bare.load32(y)) === 0) yield* bare.store32(z, 1);
  }, "r");
  bare.thread(function* () {
    const seen = yield* bare.load32(z);
    const other = yield* bare.load32(y);
    if (seen === 1 && other === 0) yield* bare.store32(x, 1);
  }, "s");
});
