/** n threads that sell one seat each of one less (or a tenth less), until the sale is closed (Huang, PLDI 2015). Seats are sold twice. */
import { type BenchProgram, define } from "./define.ts";

export const airline: BenchProgram = define(
  "airline",
  { n: 3 },
  ({ n }) =>
    (bare) => {
      const capacity = n - Math.max(1, Math.floor(n / 10));
      const sold = bare.word(0, "sold");
      const closed = bare.word(0, "closed");
      const sell = function* () {
        if ((yield* bare.load32(closed)) !== 0) return;
        const seats = yield* bare.load32(sold);
        if (seats >= capacity) yield* bare.store32(closed, 1);
        else yield* bare.store32(sold, seats + 1);
      };
      bare.thread(function* () {
        const children: number[] = [];
        for (let i = 0; i < n; i++) children.push(yield* bare.spawn(sell));
        for (const child of children) yield* bare.join(child);
        yield* bare.load32(sold);
      }, "main");
    },
  ({ n }) => ({ maxThreads: 1 + n }),
);
