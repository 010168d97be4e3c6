/** Two threads that store x and load others, n - 1 that store those others. */
import { type BenchProgram, define } from "./define.ts";

export const coa: BenchProgram = define("coa", { n: 2 }, ({ n }) => (bare) => {
  const x = bare.word(0, "x");
  const y = bare.word(0, "y");
  const z = bare.word(0, "z");
  for (const [value, other] of [
    [1, y],
    [2, z],
  ] as const) {
    bare.thread(function* () {
      yield* bare.store32(x, value);
      yield* bare.load32(other);
      yield* bare.load32(x);
    });
  }
  for (let i = 1; i < n; i++) {
    bare.thread(function* () {
      yield* bare.store32(y, i);
      yield* bare.store32(z, i);
    });
  }
});
