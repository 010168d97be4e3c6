/** n deposits and a withdrawal without any lock, and the main thread that looks behind them (Huang, PLDI 2015). Updates get lost. */
import { type BenchProgram, define } from "./define.ts";

export const accountMcr: BenchProgram = define(
  "account_mcr",
  { n: 2 },
  ({ n }) =>
    (bare) => {
      const amount = bare.word(1000, "amount");
      const change = (by: number) =>
        function* () {
          yield* bare.store32(amount, (yield* bare.load32(amount)) + by);
        };
      bare.thread(function* () {
        const children: number[] = [];
        for (let i = 0; i < n; i++) children.push(yield* bare.spawn(change(100)));
        children.push(yield* bare.spawn(change(-10)));
        for (const child of children) yield* bare.join(child);
        yield* bare.load32(amount);
      }, "main");
    },
  ({ n }) => ({ maxThreads: 2 + n }),
);
