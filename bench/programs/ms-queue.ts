/**
 * The queue of Michael and Scott (1996): `both` threads enqueue a value and dequeue one, others do one of the two. Links have a
 * count of changes in their upper half; node 1 is the first dummy. Two operations overlap, so whoever finds the tail behind helps.
 */
import type { Coroutine } from "../../src/atomics/step.ts";
import { type BenchProgram, define } from "./define.ts";

const NODE = 0xffff;
const ONE_CHANGE = 0x10000;
const link = (before: number, node: number): number => (((before & ~NODE) + ONE_CHANGE) | node) >>> 0;

export const msQueue: BenchProgram = define(
  "ms_queue",
  { enqueuers: 1, dequeuers: 1, both: 0, cut: 0 },
  ({ enqueuers, dequeuers, both, cut }) =>
    (bare) => {
      const nodes = 2 + enqueuers + both;
      const head = bare.word(1, "head");
      const tail = bare.word(1, "tail");
      const next = Array.from({ length: nodes }, (_, i) => bare.word(0, `next[${i}]`));
      const value = Array.from({ length: nodes }, (_, i) => bare.word(0, `value[${i}]`));
      function* enqueue(node: number): Coroutine<void> {
        yield* bare.store32(value[node]!, node);
        for (;;) {
          const last = yield* bare.load32(tail);
          const after = yield* bare.load32(next[last & NODE]!);
          if ((yield* bare.load32(tail)) !== last) continue;
          if ((after & NODE) !== 0) {
            yield* bare.cmpxchg32(tail, last, link(last, after & NODE));
          } else if ((yield* bare.cmpxchg32(next[last & NODE]!, after, link(after, node))) === 0) {
            yield* bare.cmpxchg32(tail, last, link(last, node));
            return;
          }
        }
      }
      function* dequeue(): Coroutine<number> {
        for (;;) {
          const first = yield* bare.load32(head);
          const last = yield* bare.load32(tail);
          const after = (yield* bare.load32(next[first & NODE]!)) & NODE;
          if ((yield* bare.load32(head)) !== first) continue;
          if ((first & NODE) === (last & NODE)) {
            if (after === 0) return 0;
            yield* bare.cmpxchg32(tail, last, link(last, after));
          } else {
            const seen = yield* bare.load32(value[after]!);
            if ((yield* bare.cmpxchg32(head, first, link(first, after))) === 0) return seen;
            if (cut !== 0) yield* bare.cut();
          }
        }
      }
      for (let i = 0; i < enqueuers + both; i++) {
        const node = 2 + i;
        bare.thread(function* () {
          yield* enqueue(node);
          if (i >= enqueuers) bare.check((yield* dequeue()) !== 0, "the queue is empty behind an enqueue");
        });
      }
      for (let i = 0; i < dequeuers; i++) bare.thread(dequeue);
    },
  ({ enqueuers, both }) => ({ bytes: 128 + 16 * (enqueuers + both) }),
);
