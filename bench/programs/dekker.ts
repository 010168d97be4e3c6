/** The kernel of Dekker's lock: who does not see the other go in goes in. Nobody may, or one. */
import { criticalSection } from "./critical-section.ts";
import { type BenchProgram, define } from "./define.ts";

export const dekker: BenchProgram = define("dekker", {}, () => (bare) => {
  const wants = [bare.word(0, "wants[0]"), bare.word(0, "wants[1]")];
  const inside = bare.word(0, "inside");
  for (const own of [0, 1]) {
    bare.thread(function* () {
      yield* bare.store32(wants[own]!, 1);
      if ((yield* bare.load32(wants[1 - own]!)) === 0) yield* criticalSection(bare, inside, own);
    });
  }
});
