/** A lock-free stack with one mistake that takes five preemptions (Vyukov). Fails. */

import type { Coroutine } from "../../src/atomics/step.ts";
import { type BenchProgram, define } from "./define.ts";

const NODES = 3;
const NONE = 0xffffffff;

export const safestack: BenchProgram = define(
  "safestack",
  { threads: 3, rounds: 2 },
  ({ threads, rounds }) =>
    (bare) => {
      const next = Array.from({ length: NODES }, (_, i) =>
        bare.word(i + 1 < NODES ? i + 1 : NONE, `next[${i}]`),
      );
      const value = Array.from({ length: NODES }, (_, i) => bare.word(0, `value[${i}]`));
      const head = bare.word(0, "head");
      const count = bare.word(NODES, "count");
      function* pop(): Coroutine<number> {
        while (((yield* bare.load32(count)) | 0) > 1) {
          const first = yield* bare.load32(head);
          const second = yield* bare.xchg32(next[first]!, NONE);
          if (second === NONE) continue;
          if ((yield* bare.cmpxchg32(head, first, second)) === 0) {
            yield* bare.add32(count, -1);
            return first;
          }
          yield* bare.xchg32(next[first]!, second);
        }
        return -1;
      }
      function* push(node: number): Coroutine<void> {
        let first = yield* bare.load32(head);
        for (;;) {
          yield* bare.store32(next[node]!, first);
          if ((yield* bare.cmpxchg32(head, first, node)) === 0) break;
          first = bare.observed32;
        }
        yield* bare.add32(count, 1);
      }
      for (let t = 1; t <= threads; t++) {
        bare.thread(function* () {
          for (let round = 0; round < rounds; round++) {
            let node = yield* pop();
            while (node < 0) {
              yield* bare.pause();
              node = yield* pop();
            }
            yield* bare.store32(value[node]!, t);
            bare.check((yield* bare.load32(value[node]!)) === t, "two threads hold one node");
            yield* push(node);
          }
        });
      }
    },
);
