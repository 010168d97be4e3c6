/**
 * Treiber's stack (1986) of nodes that are used again: `pushers` push a node each, `poppers` pop once. With `counted` the top has
 * a count of changes beside the node, in its upper half.
 */
import type { Coroutine } from "../../src/atomics/step.ts";
import { type BenchProgram, define } from "./define.ts";

const NODE = 0xffff;
const ONE_CHANGE = 0x10000;

export const treiber: BenchProgram = define(
  "treiber",
  { pushers: 2, poppers: 1, cut: 0 },
  ({ pushers, poppers, cut }) =>
    (bare) => {
      const top = bare.word(0, "top");
      const next = Array.from({ length: pushers + 1 }, (_, i) => bare.word(0, `next[${i}]`));
      const value = Array.from({ length: pushers + 1 }, (_, i) => bare.word(0, `value[${i}]`));
      const changed = (before: number, node: number): number =>
        (((before & ~NODE) + ONE_CHANGE) | (node & NODE)) >>> 0;
      function* push(node: number): Coroutine<void> {
        for (;;) {
          const before = yield* bare.load32(top);
          yield* bare.store32(next[node]!, before);
          if ((yield* bare.cmpxchg32(top, before, changed(before, node))) === 0) return;
        }
      }
      function* pop(): Coroutine<number> {
        for (;;) {
          const before = yield* bare.load32(top);
          const node = before & NODE;
          if (node === 0) return 0;
          const after = yield* bare.load32(next[node]!);
          if ((yield* bare.cmpxchg32(top, before, changed(before, after))) === 0) return node;
          if (cut !== 0) yield* bare.cut();
        }
      }
      for (let node = 1; node <= pushers; node++) {
        bare.thread(function* () {
          yield* bare.store32(value[node]!, node);
          yield* push(node);
        });
      }
      for (let i = 0; i < poppers; i++) {
        bare.thread(function* () {
          const node = yield* pop();
          if (node !== 0)
            bare.check((yield* bare.load32(value[node]!)) === node, "a node came before its value");
        });
      }
    },
  ({ pushers }) => ({ bytes: 128 + 16 * pushers }),
);
