/** As big0, with two writers of the same words. */
import { type BenchProgram, define } from "./define.ts";

export const big2: BenchProgram = define("big2", {}, () => (bare) => {
  const x = bare.word(0, "x");
  const y = bare.word(0, "y");
  const z = bare.word(0, "z");
  bare.thread(function* () {
    yield* bare.load32(x);
    yield* bare.load32(y);
    yield* bare.load32(z);
    yield* bare.load32(x);
    yield* bare.load32(y);
  });
  bare.thread(function* () {
    yield* bare.load32(x);
    yield* bare.load32(y);
    yield* bare.load32(z);
    yield* bare.load32(x);
  });
  bare.thread(function* () {
    yield* bare.store32(x, 1);
    yield* bare.store32(y, 1);
    yield* bare.store32(z, 1);
    yield* bare.store32(x, 2);
    yield* bare.store32(y, 2);
    yield* bare.store32(z, 2);
  });
  bare.thread(function* () {
    yield* bare.store32(x, 3);
    yield* bare.store32(y, 3);
    yield* bare.store32(z, 3);
    yield* bare.store32(x, 4);
    yield* bare.store32(y, 4);
    yield* bare.store32(z, 4);
  });
});
