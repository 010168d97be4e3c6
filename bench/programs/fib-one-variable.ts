/** fib_bench with both numbers in one word, which each thread loads twice before it stores it (Nidhugg). Halves have 16 bits. */
import { type BenchProgram, define } from "./define.ts";

const LOW = 0xffff;
const pair = (i: number, j: number): number => (((i & LOW) << 16) | (j & LOW)) >>> 0;
const first = (ij: number): number => ij >>> 16;
const second = (ij: number): number => ij & LOW;

export const fibOneVariable: BenchProgram = define("fib_one_variable", { n: 1 }, ({ n }) => (bare) => {
  const ij = bare.word(pair(1, 1), "ij");
  bare.thread(function* () {
    for (let k = 0; k < n; k++) {
      const j = second(yield* bare.load32(ij));
      const i = first(yield* bare.load32(ij));
      yield* bare.store32(ij, pair(i + j, j));
    }
  });
  bare.thread(function* () {
    for (let k = 0; k < n; k++) {
      const i = first(yield* bare.load32(ij));
      const j = second(yield* bare.load32(ij));
      yield* bare.store32(ij, pair(i, i + j));
    }
  });
  bare.thread(function* () {
    yield* bare.load32(ij);
    yield* bare.load32(ij);
  });
});
