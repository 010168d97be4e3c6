/** Two threads that add 1 and 2, a third that must not see 3, under one mutex (SCTBench). Fails. */

import type { Body } from "../../src/explore/bare/request.ts";
import { type BenchProgram, define } from "./define.ts";

export const lazy01: BenchProgram = define("lazy01", {}, () => (bare) => {
  const data = bare.word(0, "data");
  const mutex = bare.mutex();
  const adds = (by: number): Body =>
    function* () {
      yield* bare.lock(mutex);
      yield* bare.store32(data, (yield* bare.load32(data)) + by);
      yield* bare.unlock(mutex);
    };
  const checks: Body = function* () {
    yield* bare.lock(mutex);
    bare.check((yield* bare.load32(data)) < 3, "data is 3");
    yield* bare.unlock(mutex);
  };

  bare.thread(function* () {
    const children: number[] = [];
    for (const body of [adds(1), adds(2), checks]) children.push(yield* bare.spawn(body));
    for (const child of children) yield* bare.join(child);
  }, "main");
});
