import { type Explorable, kernelProgram } from "../../../../src/explore/index.ts";

const program: Explorable = kernelProgram((machine) => {
  const word = machine.allocate(4);
  machine.spawn(function* (env) {
    yield* env.memory.store32(word, 1);
  });
  machine.spawn(function* (env) {
    const seen = yield* env.memory.load32(word);
    while (seen === 1) {
      Math.imul(seen, 3);
    }
  });
});

export default program;
