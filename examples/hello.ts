/** The README's program, run from a checkout. Outside one, import from "umcg". */
import { createMachine, createRuntime } from "../src/index.ts";

const machine = createMachine({ vcpus: 2 });
const runtime = createRuntime(machine);

runtime.spawn(function* (worker) {
  const child = yield* worker.spawn(function* (own) {
    yield* own.sleep(20_000);
    return 42;
  });
  yield* worker.work(5_000);
  const answer = yield* worker.join(child);
  console.log(`answer ${answer} after ${worker.now()} ns`);
});

const { virtualNs, switches } = machine.run();
console.log(`${switches} context switches in ${virtualNs} ns of virtual time`);
