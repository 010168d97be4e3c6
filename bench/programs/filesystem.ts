/** n threads that give an inode a block, under locks (Flanagan and Godefroid 2005). */
import { BareError } from "../../src/explore/bare/bare-error.ts";
import { type BenchProgram, define } from "./define.ts";

const INODES = 32;
const BLOCKS = 26;

export const filesystem: BenchProgram = define("filesystem", { n: 14 }, ({ n }) => (bare) => {
  if (n > BLOCKS) {
    throw new BareError(
      "ERR_PROGRAM",
      `filesystem has ${BLOCKS} blocks, for as many threads at most; n is ${n}`,
    );
  }
  const inode = Array.from({ length: INODES }, (_, i) => bare.word(0, `inode[${i}]`));
  const busy = Array.from({ length: BLOCKS }, (_, i) => bare.word(0, `busy[${i}]`));
  const inodeLock = inode.map((_, i) => bare.mutex(`inode lock ${i}`));
  const blockLock = busy.map((_, i) => bare.mutex(`block lock ${i}`));
  for (let t = 0; t < n; t++) {
    bare.thread(function* () {
      const i = t % INODES;
      yield* bare.lock(inodeLock[i]!);
      if ((yield* bare.load32(inode[i]!)) === 0) {
        for (let b = (2 * i) % BLOCKS; ; b = (b + 1) % BLOCKS) {
          yield* bare.lock(blockLock[b]!);
          const free = (yield* bare.load32(busy[b]!)) === 0;
          if (free) {
            yield* bare.store32(busy[b]!, 1);
            yield* bare.store32(inode[i]!, b + 1);
          }
          yield* bare.unlock(blockLock[b]!);
          if (free) break;
        }
      }
      yield* bare.unlock(inodeLock[i]!);
    });
  }
});
