import { kernelProgram } from "../../../../src/explore/index.ts";

export default kernelProgram((machine) => {
  machine.allocate(4);
  throw new Error("no tasks today");
});
