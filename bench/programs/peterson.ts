/** Peterson's lock for two threads (1981). `wrong` 1: who gives way says so before it says that it is interested. Then it fails. */
import { criticalSection } from "./critical-section.ts";
import { type BenchProgram, define } from "./define.ts";

export const peterson: BenchProgram = define("peterson", { wrong: 0 }, ({ wrong }) => (bare) => {
  const interested = [bare.word(0, "interested[0]"), bare.word(0, "interested[1]")];
  const turn = bare.word(0, "turn");
  const inside = bare.word(0, "inside");
  for (const own of [0, 1]) {
    const other = 1 - own;
    bare.thread(function* () {
      if (wrong !== 0) yield* bare.store32(turn, other);
      yield* bare.store32(interested[own]!, 1);
      if (wrong === 0) yield* bare.store32(turn, other);
      while ((yield* bare.load32(interested[other]!)) === 1 && (yield* bare.load32(turn)) === other);
      yield* criticalSection(bare, inside, own);
      yield* bare.store32(interested[own]!, 0);
    });
  }
});
