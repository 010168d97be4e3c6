/** A pusher and a popper of a stack under one mutex, with a flag that is set once (SCTBench). Fails. */
import { type BenchProgram, define } from "./define.ts";

export const stack: BenchProgram = define("stack", { n: 10 }, ({ n }) => (bare) => {
  const top = bare.word(0, "top");
  const flag = bare.word(0, "flag");
  const mutex = bare.mutex();
  bare.thread(function* () {
    for (let i = 0; i < n; i++) {
      yield* bare.lock(mutex);
      yield* bare.store32(top, (yield* bare.load32(top)) + 1);
      yield* bare.store32(flag, 1);
      yield* bare.unlock(mutex);
    }
  }, "pusher");
  bare.thread(function* () {
    for (let i = 0; i < n; i++) {
      yield* bare.lock(mutex);
      if ((yield* bare.load32(flag)) === 1) {
        const height = yield* bare.load32(top);
        bare.check(height > 0, "popped from an empty stack");
        yield* bare.store32(top, height - 1);
      }
      yield* bare.unlock(mutex);
    }
  }, "popper");
});
