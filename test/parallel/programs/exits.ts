/** In a thread of an exploration, and nowhere else, it ends the thread in the middle of an execution. */
import { isMainThread } from "node:worker_threads";
import type { Bare } from "../../../src/explore/index.ts";

function program(bare: Bare): void {
  const x = bare.word(0, "x");
  for (let t = 0; t < 2; t++) {
    bare.thread(function* () {
      if ((yield* bare.add32(x, 1)) === 1 && !isMainThread) process.exit(7);
    });
  }
}

export default program;
