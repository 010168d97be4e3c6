/** n threads that add to x, then to y, then to z. */
import { type BenchProgram, define } from "./define.ts";

export const cinc: BenchProgram = define("cinc", { n: 2 }, ({ n }) => (bare) => {
  const x = bare.word(0, "x");
  const y = bare.word(0, "y");
  const z = bare.word(0, "z");
  for (let t = 1; t <= n; t++) {
    bare.thread(function* () {
      yield* bare.add32(x, 1);
      yield* bare.add32(y, 1);
      yield* bare.add32(z, 1);
    });
  }
});
