/** Store buffering, and two threads that race n times if both of its loads were too early: none ever does (GenMC). */
import type { Addr } from "../../src/atomics/address.ts";
import { type BenchProgram, define } from "./define.ts";

export const dekker2Fixed: BenchProgram = define("dekker2_fixed", { n: 2 }, ({ n }) => (bare) => {
  const [x, y, z1, z2] = ["x", "y", "z1", "z2"].map((name) => bare.word(0, name)) as [Addr, Addr, Addr, Addr];
  for (const [own, other, alone] of [
    [y, x, z1],
    [x, y, z2],
  ] as const) {
    bare.thread(function* () {
      yield* bare.store32(own, 1);
      if ((yield* bare.load32(other)) === 0) yield* bare.store32(alone, 1);
    });
  }
  for (const stores of [true, false]) {
    bare.thread(function* () {
      if ((yield* bare.load32(z1)) === 0 || (yield* bare.load32(z2)) === 0) return;
      for (let i = 0; i < n; i++) {
        if (stores) yield* bare.store32(x, i);
        else yield* bare.load32(x);
      }
    });
  }
});
