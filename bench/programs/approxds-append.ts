/** n threads that append to a list of n - 2 without care for each other; the main thread then takes all off (Nidhugg). */
import { type BenchProgram, define } from "./define.ts";

export const approxdsAppend: BenchProgram = define(
  "approxds_append",
  { n: 4 },
  ({ n }) =>
    (bare) => {
      const size = Math.max(0, n - 2);
      const element = Array.from({ length: size }, (_, i) => bare.word(0, `element[${i}]`));
      const next = bare.word(0, "next");
      bare.thread(function* () {
        const children: number[] = [];
        for (let t = 0; t < n; t++) {
          children.push(
            yield* bare.spawn(function* (_self, value) {
              const at = yield* bare.load32(next);
              if (at >= size) return;
              yield* bare.store32(element[at]!, value);
              yield* bare.store32(next, at + 1);
            }, t),
          );
        }
        for (const child of children) yield* bare.join(child);
        for (;;) {
          const at = yield* bare.load32(next);
          if (at === 0) return;
          yield* bare.load32(element[at - 1]!);
          if ((yield* bare.load32(next)) === at) yield* bare.store32(next, at - 1);
        }
      }, "main");
    },
  ({ n }) => ({ maxThreads: 1 + n, bytes: 128 + 8 * n }),
);
