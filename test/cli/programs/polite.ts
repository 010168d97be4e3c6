/** Two threads that give way to each other: one that goes on alone, while the other wants, never ends. */
import { bareProgram, type Explorable } from "../../../src/explore/index.ts";

const program: Explorable = bareProgram((bare) => {
  const wants = [bare.word(0, "wants.a"), bare.word(0, "wants.b")] as const;
  for (const [at, name] of ["a", "b"].entries()) {
    bare.thread(function* () {
      for (;;) {
        yield* bare.store32(wants[at]!, 1);
        if ((yield* bare.load32(wants[1 - at]!)) === 0) return;
        yield* bare.store32(wants[at]!, 0);
      }
    }, name);
  }
});

export default program;
