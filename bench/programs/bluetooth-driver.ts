/** A driver that is stopped while a request comes in (Qadeer and Wu 2004; SCTBench). Fails: it works after it was stopped. */
import { type BenchProgram, define } from "./define.ts";

export const bluetoothDriver: BenchProgram = define("bluetooth_driver", {}, () => (bare) => {
  const pending = bare.word(1, "pending");
  const stopping = bare.word(0, "stopping");
  const drained = bare.word(0, "drained");
  const stopped = bare.word(0, "stopped");
  function* done() {
    if ((yield* bare.add32(pending, -1)) === 1) yield* bare.store32(drained, 1);
  }
  bare.thread(function* () {
    const stop = yield* bare.spawn(function* () {
      yield* bare.store32(stopping, 1);
      yield* done();
      if ((yield* bare.load32(drained)) === 1) yield* bare.store32(stopped, 1);
    });
    if ((yield* bare.load32(stopping)) === 0) {
      yield* bare.add32(pending, 1);
      bare.check((yield* bare.load32(stopped)) === 0, "it works after it was stopped");
    }
    yield* done();
    yield* bare.join(stop);
  }, "main");
});
