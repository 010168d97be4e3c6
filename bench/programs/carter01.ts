/** Two classes of threads, of which the first in takes a lock for its class and the last out gives it back (SCTBench). Deadlocks. */
import type { Addr } from "../../src/atomics/address.ts";
import { type BenchProgram, define } from "./define.ts";

export const carter01: BenchProgram = define("carter01", {}, () => (bare) => {
  const counts = [bare.word(0, "a"), bare.word(0, "b")];
  const m = bare.mutex("m");
  const l = bare.mutex("l");
  function* change(count: Addr, by: number) {
    yield* bare.lock(m);
    const before = yield* bare.load32(count);
    yield* bare.store32(count, before + by);
    if (before === 0) yield* bare.lock(l);
    if (before === 1 && by === -1) yield* bare.unlock(l);
    yield* bare.unlock(m);
  }
  bare.thread(function* () {
    const children: number[] = [];
    for (const count of counts) {
      children.push(
        yield* bare.spawn(function* () {
          yield* change(count, 1);
          yield* change(count, -1);
        }),
      );
    }
    for (const child of children) yield* bare.join(child);
  }, "main");
});
