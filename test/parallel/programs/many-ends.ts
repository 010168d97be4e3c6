/** Whatever order three writers come in, something is wrong, and never the same. */
import type { Bare } from "../../../src/explore/index.ts";

export default (bare: Bare): void => {
  const x = bare.word(0, "x");
  for (let t = 1; t <= 4; t++) {
    bare.thread(function* () {
      const seen = yield* bare.load32(x);
      yield* bare.store32(x, (3 * seen + t) % 97);
    });
  }
  bare.atEnd(() => bare.check(false, `the end is ${bare.peek32(x) % 5}`));
};
