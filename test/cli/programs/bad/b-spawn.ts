import type { Bare } from "../../../../src/explore/index.ts";

export default (bare: Bare): void => {
  bare.thread(
    function* child(): Generator<unknown, void, never> {
      yield* bare.spawn(child as never);
    } as never,
    "a",
  );
};
