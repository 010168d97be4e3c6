/** Two threads that point p at the other's word, load it n times, and add 3 to what p points at by then (GenMC). */
import type { Addr } from "../../src/atomics/address.ts";
import { type BenchProgram, define } from "./define.ts";

export const sharedPtr: BenchProgram = define("shared_ptr", { n: 2 }, ({ n }) => (bare) => {
  const words: readonly [Addr, Addr] = [bare.word(3, "x"), bare.word(4, "y")];
  const p = bare.word(0, "p");
  for (const t of [0, 1] as const) {
    bare.thread(function* () {
      yield* bare.store32(p, 1 - t);
      for (let i = 0; i < n; i++) yield* bare.load32(words[t]);
      const target = words[(yield* bare.load32(p)) as 0 | 1];
      yield* bare.store32(target, (yield* bare.load32(target)) + 3);
    });
  }
});
