/** Three threads that add 1, each in one step: a plain function of bare mode. */
import type { Bare } from "../../../src/explore/index.ts";

export default function (bare: Bare): void {
  const x = bare.word(0, "x");
  for (let t = 0; t < 3; t++) {
    bare.thread(function* () {
      yield* bare.add32(x, 1);
    });
  }
  bare.atEnd(() => bare.check(bare.peek32(x) === 3, "an update was lost"));
}
