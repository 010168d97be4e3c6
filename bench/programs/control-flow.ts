/** n threads load x, n store y; what two more do depends on what they load. */
import { type BenchProgram, define } from "./define.ts";

export const controlFlow: BenchProgram = define("control_flow", { n: 2 }, ({ n }) => (bare) => {
  const x = bare.word(0, "x");
  const y = bare.word(0, "y");
  const z = bare.word(0, "z");
  for (let i = 0; i < n; i++) {
    bare.thread(function* () {
      yield* bare.load32(x);
    });
  }
  for (let i = 0; i < n; i++) {
    bare.thread(function* () {
      yield* bare.store32(y, 1);
    });
  }
  bare.thread(function* () {
    if ((yield* bare.load32(y)) === 0) yield* bare.store32(z, 1);
  });
  bare.thread(function* () {
    if ((yield* bare.load32(z)) === 1 && (yield* bare.load32(y)) === 0) yield* bare.store32(x, 1);
  });
});
