import type { Bare } from "../../../../src/explore/index.ts";

/** b never comes back when it reads 1. */
export default (bare: Bare): void => {
  const x = bare.word(0, "x");
  bare.thread(function* () {
    yield* bare.store32(x, 1);
  }, "a");
  bare.thread(function* () {
    const seen = yield* bare.load32(x);

    let n = 0;
    while (seen === 1) {
      n = (n + 1) % 7;
    }
    yield* bare.store32(x, n);
  }, "b");
};
