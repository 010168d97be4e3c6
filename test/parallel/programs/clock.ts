/** Not determined by its schedule: what it stores is different in every execution. */
import type { Bare } from "../../../src/explore/index.ts";

let executions = 0;

function program(bare: Bare): void {
  const x = bare.word(0, "x");
  for (let t = 0; t < 2; t++) {
    bare.thread(function* () {
      yield* bare.store32(x, executions++);
    });
  }
}

export default program;
