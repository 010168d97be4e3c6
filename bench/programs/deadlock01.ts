/** Two threads that take two locks in opposite order (SCTBench). Deadlocks. `locals`: see as-compiled.ts. */

import type { Body } from "../../src/explore/bare/request.ts";
import { inThread, localSteps, STRAIGHT } from "./as-compiled.ts";
import { type BenchProgram, define } from "./define.ts";

export const deadlock01: BenchProgram = define("deadlock01", { locals: 0 }, ({ locals }) => (bare) => {
  const counter = bare.word(1, "counter");
  const a = bare.mutex("a");
  const b = bare.mutex("b");
  const local = localSteps(bare, 3, locals);
  const takes = (first: number, second: number, by: number): Body =>
    function* () {
      yield* bare.lock(first);
      yield* bare.lock(second);
      yield* bare.store32(counter, (yield* bare.load32(counter)) + by);
      yield* bare.unlock(second);
      yield* bare.unlock(first);
    };

  bare.thread(function* (main) {
    const children: number[] = [];
    for (const body of [takes(a, b, 1), takes(b, a, -1)]) {
      children.push(yield* bare.spawn((self) => inThread(local, self, body(self, 0))));
      if (local !== undefined) yield* local(main, STRAIGHT.after);
    }
    for (const child of children) {
      if (local !== undefined) yield* local(main, STRAIGHT.join);
      yield* bare.join(child);
    }
  }, "main");
});
