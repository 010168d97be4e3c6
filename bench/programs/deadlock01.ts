/** Two threads that take two locks in opposite order (SCTBench). Deadlocks. */

import type { Body } from "../../src/explore/bare/request.ts";
import { type BenchProgram, define } from "./define.ts";

export const deadlock01: BenchProgram = define("deadlock01", {}, () => (bare) => {
  const counter = bare.word(1, "counter");
  const a = bare.mutex("a");
  const b = bare.mutex("b");
  const takes = (first: number, second: number, by: number): Body =>
    function* () {
      yield* bare.lock(first);
      yield* bare.lock(second);
      yield* bare.store32(counter, (yield* bare.load32(counter)) + by);
      yield* bare.unlock(second);
      yield* bare.unlock(first);
    };

  bare.thread(function* () {
    const children: number[] = [];
    for (const body of [takes(a, b, 1), takes(b, a, -1)]) children.push(yield* bare.spawn(body));
    for (const child of children) yield* bare.join(child);
  }, "main");
});
