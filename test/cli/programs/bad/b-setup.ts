import type { Bare } from "../../../../src/explore/index.ts";

export default (bare: Bare): void => {
  bare.word(0, "x");
  throw new Error("no layout today");
};
