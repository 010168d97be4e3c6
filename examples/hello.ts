/**
 * The README's program, on a host of your choice: simulated, or on real threads, where each vCPU is a Worker that loads this file and
 * runs `setUp`. Outside of a checkout, import from "umcg" and "umcg/threads-host".
 *
 *     node examples/hello.ts [--host threads]
 */
import { isMainThread } from "node:worker_threads";
import { createRuntime } from "../src/index.ts";
import { type ProgramMachine, runProgram } from "../src/machine/threads/index.ts";
import { hostAsked } from "./support/host-asked.ts";

export function setUp(machine: ProgramMachine): void {
  const runtime = createRuntime(machine);
  runtime.spawn(function* (worker) {
    const child = yield* worker.spawn(function* (own) {
      yield* own.sleep(20_000);
      return 42;
    });
    yield* worker.work(5_000);
    const answer = yield* worker.join(child);
    machine.say(`answer ${answer} after ${worker.now()} ns`);
  });
}

if (isMainThread) {
  const { ns, switches, host } = await runProgram(setUp, {
    url: import.meta.url,
    host: hostAsked(),
    vcpus: 2,
    onMessage: console.log,
  });
  console.log(`${switches} context switches in ${ns} ns of ${host === "virtual" ? "virtual" : "real"} time`);
}
