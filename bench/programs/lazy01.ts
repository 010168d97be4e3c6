/**
 * Two threads that add 1 and 2, a third that must not see 3, under one mutex (SCTBench). Fails. `locals`: see as-compiled.ts; then they
 * are started as in SCTBench, the third first.
 */

import type { Body } from "../../src/explore/bare/request.ts";
import { inThread, localSteps, STRAIGHT } from "./as-compiled.ts";
import { type BenchProgram, define } from "./define.ts";

export const lazy01: BenchProgram = define("lazy01", { locals: 0 }, ({ locals }) => (bare) => {
  const data = bare.word(0, "data");
  const mutex = bare.mutex();
  const local = localSteps(bare, 4, locals);
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

  bare.thread(function* (main) {
    const children: number[] = [];
    const bodies = [adds(1), adds(2), checks];
    for (const body of local === undefined ? bodies : bodies.reverse()) {
      children.push(yield* bare.spawn((self) => inThread(local, self, body(self, 0))));
      if (local !== undefined) yield* local(main, STRAIGHT.after);
    }
    for (const child of children) {
      if (local !== undefined) yield* local(main, STRAIGHT.join);
      yield* bare.join(child);
    }
  }, "main");
});
