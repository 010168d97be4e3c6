/** lastzero(6): a reader looks for the last of seven words that is 0, while each of six writers copies its neighbour plus 1. */
import type { Bare } from "../../../src/explore/index.ts";

const N = 6;

function program(bare: Bare): void {
  const words = Array.from({ length: N + 1 }, (_, i) => bare.word(0, `a[${i}]`));
  bare.thread(function* () {
    let i = N;
    while ((yield* bare.load32(words[i]!)) !== 0) i--;
    return i;
  });
  for (let j = 1; j <= N; j++) {
    bare.thread(function* () {
      const value = yield* bare.load32(words[j - 1]!);
      yield* bare.store32(words[j]!, value + 1);
    });
  }
  bare.atEnd(() => bare.check(bare.peek32(words[N]!) !== N, "every writer saw the one before it"));
}

export default program;
