// An image that makes its machine wherever it is loaded.
import { workerData } from "node:worker_threads";
import { type ProgramMachine, runProgram } from "../../../src/machine/threads/index.ts";

export function setUp(machine: ProgramMachine): void {
  machine.spawn(function* ({ work }) {
    yield* work(1);
  });
}

await runProgram(setUp, { url: import.meta.url, host: (workerData as { readonly args: string }).args });
