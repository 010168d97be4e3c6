/** The same gate, where the visitor says that he is about to sleep before he looks: nobody sleeps for ever. */
import { bareProgram, type Explorable } from "../../src/explore/index.ts";

const gate: Explorable = bareProgram((bare) => {
  const open = bare.word(0, "open");
  const sleeper = bare.word(0, "sleeper");
  bare.thread(function* () {
    yield* bare.store32(sleeper, 1);
    if ((yield* bare.load32(open)) === 1) return;
    yield* bare.wait(sleeper, 1);
  }, "visitor");
  bare.thread(function* () {
    yield* bare.store32(open, 1);
    if ((yield* bare.xchg32(sleeper, 0)) === 1) yield* bare.notify(sleeper);
  }, "keeper");
});

export default gate;
