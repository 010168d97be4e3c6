/** A value that is passed by a flag which is no atomic variable. */
import { bareProgram, type Explorable } from "../../../src/explore/index.ts";

const program: Explorable = bareProgram((bare) => {
  const data = bare.word(0, "data");
  const flag = bare.word(0, "flag");
  bare.thread(function* () {
    yield* bare.plainStore32(data, 42);
    yield* bare.plainStore32(flag, 1);
  }, "giver");
  bare.thread(function* () {
    if ((yield* bare.plainLoad32(flag)) === 1) yield* bare.plainLoad32(data);
  }, "taker");
});

export default program;
