import { type Explorable, kernelProgram } from "../../../../src/explore/index.ts";

const program: Explorable = kernelProgram((machine) => {
  const word = machine.allocate(4);
  machine.spawn(function* (env) {
    yield* env.memory.load32(word);
    yield* env.memory.store32(word, Math.trunc(performance.now() * 1e6));
  });
  machine.spawn(function* (env) {
    yield* env.memory.load32(word);
    yield* env.memory.load32(word);
  });
});

export default program;
