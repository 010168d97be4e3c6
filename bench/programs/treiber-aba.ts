/**
 * Treiber's stack without a count of changes: a thread that pops sleeps between reading the next node and exchanging the top, while
 * another pops two and pushes the first back. Fails: a node that is in use comes to the top again (ABA). `counted` 1 does not.
 */
import type { Coroutine } from "../../src/atomics/step.ts";
import { type BenchProgram, define } from "./define.ts";

const NODE = 0xffff;
const NODES = 3;

export const treiberAba: BenchProgram = define("treiber_aba", { counted: 0 }, ({ counted }) => (bare) => {
  const change = counted === 0 ? 0 : NODE + 1;
  const top = bare.word(1, "top");
  const next = Array.from({ length: NODES + 1 }, (_, i) =>
    bare.word(i === 0 ? 0 : (i + 1) % (NODES + 1), `next[${i}]`),
  );
  const owner = Array.from({ length: NODES + 1 }, (_, i) => bare.word(0, `owner[${i}]`));
  function* pop(self: number): Coroutine<number> {
    for (;;) {
      const before = yield* bare.load32(top);
      const node = before & NODE;
      if (node === 0) return 0;
      const after = (yield* bare.load32(next[node]!)) & NODE;
      if ((yield* bare.cmpxchg32(top, before, ((before & ~NODE) + change) | after)) !== 0) continue;
      bare.check((yield* bare.xchg32(owner[node]!, self)) === 0, "a node was popped that somebody has");
      return node;
    }
  }
  function* push(node: number): Coroutine<void> {
    yield* bare.store32(owner[node]!, 0);
    for (;;) {
      const before = yield* bare.load32(top);
      yield* bare.store32(next[node]!, before & NODE);
      if ((yield* bare.cmpxchg32(top, before, ((before & ~NODE) + change) | node)) === 0) return;
    }
  }
  bare.thread(function* () {
    yield* pop(1);
    yield* pop(1);
  });
  bare.thread(function* () {
    const first = yield* pop(2);
    yield* pop(2);
    if (first !== 0) yield* push(first);
  });
});
