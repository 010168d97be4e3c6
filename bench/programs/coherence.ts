/**
 * n threads that store one word, and how often another thread or the main thread behind them looks at it: the family with which
 * Nidhugg tells classes by what was read from classes by all orders (Abdulla, Atig, Jonsson, Ngo, OOPSLA 2018). Its comments count the
 * former; all orders are the multinomials of the test.
 */
import { type BenchProgram, define } from "./define.ts";

interface Shape {
  /** Stores of each of the n. */
  readonly stores: number;
  /** What one more thread does: R loads, W stores n. */
  readonly other: string;
  /** The main thread starts them all, joins them and loads the word. */
  readonly last: boolean;
}

function coherence(name: string, { stores, other, last }: Shape): BenchProgram {
  const extra = other === "" ? 0 : 1;
  return define(
    name,
    { n: 2 },
    ({ n }) =>
      (bare) => {
        const x = bare.word(0, "x");
        const bodies = Array.from({ length: n }, (_, value) => () => writer(value));
        function* writer(value: number) {
          for (let i = 0; i < stores; i++) yield* bare.store32(x, value);
        }
        if (extra === 1) {
          bodies.push(function* () {
            for (const step of other) {
              if (step === "W") yield* bare.store32(x, n);
              else yield* bare.load32(x);
            }
          });
        }
        if (!last) {
          for (const body of bodies) bare.thread(body);
          return;
        }
        bare.thread(function* () {
          const children: number[] = [];
          for (const body of bodies) children.push(yield* bare.spawn(body));
          for (const child of children) yield* bare.join(child);
          yield* bare.load32(x);
        }, "main");
      },
    ({ n }) => ({ maxThreads: 1 + n + extra }),
  );
}

export const COHERENCE: readonly BenchProgram[] = [
  coherence("alpha1", { stores: 1, other: "RR", last: false }),
  coherence("alpha2", { stores: 1, other: "WRR", last: false }),
  coherence("co1", { stores: 1, other: "RR", last: true }),
  coherence("co4", { stores: 1, other: "WR", last: true }),
  coherence("co10", { stores: 1, other: "", last: true }),
  coherence("co_2+2w", { stores: 2, other: "", last: true }),
  coherence("co_mp", { stores: 2, other: "RR", last: false }),
  coherence("co_r", { stores: 2, other: "WR", last: true }),
  coherence("co_s", { stores: 2, other: "RW", last: true }),
];
