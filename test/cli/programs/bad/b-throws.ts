import type { Bare } from "../../../../src/explore/index.ts";

export default (bare: Bare): void => {
  const x = bare.word(0, "x");
  bare.thread(function* () {
    yield* bare.load32(x);
    throw new TypeError("thrown by a");
  }, "a");
};
