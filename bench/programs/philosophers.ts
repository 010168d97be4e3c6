/** n philosophers that take the left fork first: one deadlock. */
import { type BenchProgram, define } from "./define.ts";

export const philosophers: BenchProgram = define("philosophers", { n: 3 }, ({ n }) => (bare) => {
  const forks = Array.from({ length: n }, (_, i) => bare.mutex(`fork ${i}`));
  for (let i = 0; i < n; i++) {
    const left = forks[i]!;
    const right = forks[(i + 1) % n]!;
    bare.thread(function* () {
      yield* bare.lock(left);
      yield* bare.lock(right);
      yield* bare.unlock(right);
      yield* bare.unlock(left);
    });
  }
});
