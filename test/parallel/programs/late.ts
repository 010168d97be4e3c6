/** Throws in a thread of an exploration, and nowhere else, when nobody can catch it. */
import { isMainThread } from "node:worker_threads";
import type { Bare } from "../../../src/explore/index.ts";

if (!isMainThread)
  setImmediate(() => {
    throw new RangeError("too late");
  });

export default (bare: Bare): void => {
  bare.thread(function* () {});
};
