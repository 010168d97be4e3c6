import { type Explorable, kernelProgram } from "../../../../src/explore/index.ts";

const program: Explorable = kernelProgram((machine) => {
  machine.allocate(4);
  throw new Error("no tasks today");
});

export default program;
