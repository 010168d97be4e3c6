/** Three threads that add 1, each in two steps. */
import { bareProgram, type Explorable } from "../../../src/explore/index.ts";

const program: Explorable = bareProgram((bare) => {
  const x = bare.word(0, "x");
  for (const name of ["a", "b", "c"]) {
    bare.thread(function* () {
      const seen = yield* bare.load32(x);
      yield* bare.store32(x, seen + 1);
    }, name);
  }
  bare.atEnd(() => bare.check(bare.peek32(x) === 3, "an update was lost"));
});

export default program;
