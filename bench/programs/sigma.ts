/** A main thread that starts n threads on one index, joins them and sums what they stored (SV-COMP). */
import { type BenchProgram, define } from "./define.ts";

export const sigma: BenchProgram = define(
  "sigma",
  { n: 2 },
  ({ n }) =>
    (bare) => {
      const array = Array.from({ length: n }, (_, i) => bare.word(0, `array[${i}]`));
      const index = bare.word(0xffffffff, "idx");
      bare.thread(function* () {
        const children: number[] = [];
        for (let t = 0; t < n; t++) {
          yield* bare.store32(index, ((yield* bare.load32(index)) + 1) >>> 0);
          children.push(
            yield* bare.spawn(function* () {
              yield* bare.store32(array[yield* bare.load32(index)]!, 1);
            }),
          );
        }
        for (const child of children) yield* bare.join(child);
        let sum = 0;
        for (const element of array) sum += yield* bare.load32(element);
        return sum;
      }, "main");
    },
  ({ n }) => ({ maxThreads: 1 + n, bytes: 128 + 8 * n }),
);
