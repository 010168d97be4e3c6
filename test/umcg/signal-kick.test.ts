/** A signal to a worker that runs on another CPU is an IPI and no reschedule: wake detection has no business there. */
import { expect, test } from "vitest";
import {
  apiVersionOf,
  createMachine,
  idleWorkersOf,
  NULL,
  nextTidOf,
  SIGUSR1,
  serverTidOf,
  stateOf,
  type Tid,
  UMCG_CTL_REGISTER,
  UMCG_CTL_UNREGISTER,
  UMCG_CTL_WORKER,
  UMCG_TASK_IDLE,
  UMCG_TASK_RUNNING,
  UMCG_WAIT_WAKE_ONLY,
} from "../../src/index.ts";

test("a signalled worker that is IDLE but not yet in wait is not listed", () => {
  const machine = createMachine({ vcpus: 2, tickHz: 0 });
  const [list, worker, server] = [machine.allocate(8), machine.allocate(64), machine.allocate(64)];
  let handled = 0;
  let listed = -1n;
  const tid: Tid = machine.spawn(function* (env) {
    const { memory, umcg } = env;
    yield* env.sys.sigaction(SIGUSR1, function* () {
      handled++;
      yield* memory.fence();
    });
    yield* memory.store32(stateOf(worker), UMCG_TASK_IDLE);
    yield* memory.store32(apiVersionOf(worker), 1);
    yield* memory.store64(idleWorkersOf(worker), BigInt(list));
    yield* umcg.ctl(UMCG_CTL_REGISTER | UMCG_CTL_WORKER, worker);
    yield* memory.store64(list, 0n);
    yield* memory.store64(idleWorkersOf(worker), BigInt(list));
    yield* memory.store32(stateOf(worker), UMCG_TASK_IDLE);
    // The signal comes here, in user mode.
    yield* env.work(100_000);
    listed = yield* memory.load64(list);
    yield* umcg.ctl(UMCG_CTL_UNREGISTER, NULL);
  });
  machine.spawn(function* (env) {
    const { memory, umcg } = env;
    yield* env.sys.nanosleep(10_000);
    yield* memory.store32(stateOf(server), UMCG_TASK_RUNNING);
    yield* memory.store32(apiVersionOf(server), 1);
    yield* umcg.ctl(UMCG_CTL_REGISTER, server);
    yield* memory.store32(serverTidOf(worker), env.tid);
    yield* memory.store32(stateOf(worker), UMCG_TASK_RUNNING);
    yield* memory.store32(nextTidOf(server), tid);
    yield* umcg.wait(UMCG_WAIT_WAKE_ONLY);
    yield* env.work(50_000);
    yield* env.sys.kill(tid, SIGUSR1);
    yield* umcg.ctl(UMCG_CTL_UNREGISTER, NULL);
  });
  machine.run();
  expect([handled, listed]).toEqual([1, 0n]);
});
