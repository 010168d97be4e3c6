/**
 * Szymanski's lock (1988) for two threads: a waiting room with a door in and a door out. `symmetric` 1: both wait at the door out for
 * the other to have gone, as in the version that GenMC tests; then both may wait for ever.
 */
import { criticalSection } from "./critical-section.ts";
import { type BenchProgram, define } from "./define.ts";

export const szymanski: BenchProgram = define("szymanski", { symmetric: 0 }, ({ symmetric }) => (bare) => {
  const flags = [bare.word(0, "flag[0]"), bare.word(0, "flag[1]")];
  const inside = bare.word(0, "inside");
  for (const own of [0, 1]) {
    const mine = flags[own]!;
    const other = flags[1 - own]!;
    bare.thread(function* () {
      yield* bare.store32(mine, 1);
      yield* bare.until(other, (flag) => flag < 3);
      yield* bare.store32(mine, 3);
      if ((yield* bare.load32(other)) === 1) {
        yield* bare.store32(mine, 2);
        yield* bare.until(other, (flag) => flag === 4);
      }
      yield* bare.store32(mine, 4);
      if (own === 1 || symmetric !== 0) yield* bare.until(other, (flag) => flag < 2);
      yield* criticalSection(bare, inside, own);
      if (own === 0 || symmetric !== 0) yield* bare.until(other, (flag) => flag < 2 || flag > 3);
      yield* bare.store32(mine, 0);
    });
  }
});
