/** One thread takes a lock and keeps it, the other waits for it in a loop. */
import { bareProgram, type Explorable } from "../../../src/explore/index.ts";

const program: Explorable = bareProgram((bare) => {
  const lock = bare.word(0, "lock");
  bare.thread(function* () {
    yield* bare.store32(lock, 1);
  }, "taker");
  bare.thread(function* () {
    while ((yield* bare.load32(lock)) === 1) yield* bare.pause();
  }, "waiter");
});

export default program;
