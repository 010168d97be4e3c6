/** n threads that put four values each into a hash table of 128 places (Flanagan and Godefroid 2005). */
import { BareError } from "../../src/explore/bare/bare-error.ts";
import { type BenchProgram, define } from "./define.ts";

const SIZE = 128;
const EACH = 4;

export const indexer: BenchProgram = define("indexer", { n: 12 }, ({ n }) => (bare) => {
  if (EACH * n > SIZE) {
    throw new BareError(
      "ERR_PROGRAM",
      `indexer has ${SIZE} places, for ${SIZE / EACH} threads at most; n is ${n}`,
    );
  }
  const table = Array.from({ length: SIZE }, (_, i) => bare.word(0, `table[${i}]`));
  for (let t = 0; t < n; t++) {
    bare.thread(function* () {
      for (let m = 0; m < EACH; m++) {
        const value = 11 * (m + 1) + t;
        let place = (7 * value) % SIZE;
        while ((yield* bare.cmpxchg32(table[place]!, 0, value)) !== 0) place = (place + 1) % SIZE;
      }
    });
  }
});
