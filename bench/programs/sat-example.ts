/** Six threads in which what is read from where is hard to tell (Abdulla and others, OOPSLA 2019). */
import { type BenchProgram, define } from "./define.ts";

export const satExample: BenchProgram = define("sat_example", {}, () => (bare) => {
  const x = bare.word(0, "x");
  const y = bare.word(0, "y");
  const z = bare.word(0, "z");
  bare.thread(function* () {
    yield* bare.store32(z, 1);
  });
  bare.thread(function* () {
    yield* bare.load32(z);
    yield* bare.store32(y, 1);
  });
  bare.thread(function* () {
    yield* bare.load32(y);
    yield* bare.store32(x, 1);
  });
  bare.thread(function* () {
    yield* bare.store32(x, 2);
  });
  bare.thread(function* () {
    yield* bare.load32(x);
    yield* bare.store32(y, 2);
    yield* bare.load32(z);
  });
  bare.thread(function* () {
    yield* bare.load32(x);
    yield* bare.store32(z, 2);
    yield* bare.load32(y);
  });
});
