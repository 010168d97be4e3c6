/** n threads that put four values each into a hash table of 128 places (Flanagan and Godefroid 2005). */
import { type BenchProgram, define } from "./define.ts";

const SIZE = 128;

export const indexer: BenchProgram = define("indexer", { n: 12 }, ({ n }) => (bare) => {
  const table = Array.from({ length: SIZE }, (_, i) => bare.word(0, `table[${i}]`));
  for (let t = 0; t < n; t++) {
    bare.thread(function* () {
      for (let m = 0; m < 4; m++) {
        const value = 11 * (m + 1) + t;
        let place = (7 * value) % SIZE;
        while ((yield* bare.cmpxchg32(table[place]!, 0, value)) !== 0) place = (place + 1) % SIZE;
      }
    });
  }
});
