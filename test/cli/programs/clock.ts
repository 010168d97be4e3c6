/** Two threads that store the time. */
import { bareProgram, type Explorable } from "../../../src/explore/index.ts";

const program: Explorable = bareProgram((bare) => {
  const x = bare.word(0, "x");
  for (const name of ["a", "b"]) {
    bare.thread(function* () {
      yield* bare.store32(x, Math.trunc(1e6 * performance.now()));
    }, name);
  }
});

export default program;
