/** A store, a wait and a notify on one word: the guard of the dependency relation. */
import { type BenchProgram, define } from "./define.ts";

export const storeWaitNotify: BenchProgram = define("store_wait_notify", {}, () => (bare) => {
  const a = bare.word(0, "a");
  bare.thread(function* () {
    yield* bare.store32(a, 1);
  });
  bare.thread(function* () {
    return yield* bare.wait(a, 0);
  });
  bare.thread(function* () {
    return yield* bare.notify(a, 1);
  });
});
