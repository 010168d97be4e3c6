/** One thread, so one execution. */
import type { Bare } from "../../../src/explore/index.ts";

function program(bare: Bare): void {
  const word = bare.word(0, "word");
  bare.thread(function* () {
    yield* bare.store32(word, 1);
  });
}

export default program;
