/** Scenarios about waiting and waking (sections 11.2 and 11.6). */
import { EINTR, EINVAL, EOPNOTSUPP, ESRCH } from "../../../../src/atomics/errno.ts";
import { SIGUSR1 } from "../../../../src/kernel-sim/constants.ts";
import {
  nextTidOf,
  serverTidOf,
  stateOf,
  UMCG_TASK_IDLE,
  UMCG_TASK_RUNNING,
  UMCG_TF_LOCKED,
  UMCG_WAIT_WAKE_ONLY,
} from "../../../../src/umcg/abi.ts";
import { blockOn, Cast, must, park, signalWord, tidOf } from "./cast.ts";
import type { Scenario } from "./scenario.ts";

/** A worker parks once; its server runs it again, wherever it then finds it. `timeout`: for a while at most. */
function parksOnce(timeout: boolean): Scenario["setup"] {
  return (machine) => {
    const cast = new Cast(machine);
    const ready = cast.word();
    const parks = cast.worker("W", function* (env, self) {
      yield* env.sys.sigaction(SIGUSR1, function* () {});
      yield* signalWord(env, ready);
      const result = yield* park(cast, env, self, timeout ? 1_000 : 0);
      if (result !== -EOPNOTSUPP) return;
      // v0.3 has no timeouts: an alarm clock, then.
      const own = env.tid;
      yield* env.spawn(function* (alarm) {
        yield* alarm.sys.nanosleep(1_000);
        yield* alarm.sys.kill(own, SIGUSR1);
      });
      yield* env.umcg.wait(0);
    });
    cast.server("S", function* (env, self) {
      const { memory } = env;
      yield* cast.run(env, self, yield* cast.first(env, self));
      // It has parked, or blocks, or something came to it: then its word says that the kernel lists it, or will.
      const idle = UMCG_TASK_IDLE;
      if (
        (yield* memory.load32(stateOf(parks))) === idle &&
        (yield* memory.cmpxchg32(stateOf(parks), idle, idle | UMCG_TF_LOCKED)) === 0
      )
        yield* cast.run(env, self, parks);
      yield* cast.serve(env, self);
    });
    if (timeout) return;
    cast.spawn("T", function* (env) {
      yield* blockOn(env, ready);
      yield* env.sys.kill(yield* env.memory.load32(tidOf(parks)), SIGUSR1);
    });
  };
}

const F6: Scenario = {
  id: "F6",
  what: "a signal comes to a worker that has parked",
  config: { vcpus: 3 },
  setup: parksOnce(false),
};

const F39: Scenario = {
  id: "F39",
  what: "the time of a worker's wait is over",
  config: { vcpus: 3 },
  setup: parksOnce(true),
};

const F12: Scenario = {
  id: "F12",
  what: "a worker is run again before it has fallen asleep, and parks again",
  setup(machine) {
    const cast = new Cast(machine);
    cast.worker("W", function* (env, self) {
      for (let round = 0; round < 2; round++) must((yield* park(cast, env, self)) === 0, "a worker's wait");
    });
    cast.server("S", function* (env, self) {
      const { memory } = env;
      const worker = yield* cast.first(env, self);
      yield* cast.run(env, self, worker);
      const idle = UMCG_TASK_IDLE;
      for (let round = 0; round < 2; ) {
        const word = yield* memory.load32(stateOf(worker));
        // Still LOCKED: it is on its way, and the kernel will say when it may be run.
        if (word !== idle) continue;
        if ((yield* memory.cmpxchg32(stateOf(worker), idle, idle | UMCG_TF_LOCKED)) !== 0) continue;
        yield* cast.run(env, self, worker);
        round++;
      }
    });
  },
};

const F14: Scenario = {
  id: "F14",
  what: "a worker is woken without a server, for the kernel to list it",
  setup(machine) {
    const cast = new Cast(machine);
    cast.worker("W", function* () {});
    cast.server("S", function* (env, self) {
      const { memory } = env;
      const worker = yield* cast.first(env, self);
      yield* memory.store32(stateOf(worker), UMCG_TASK_RUNNING);
      yield* memory.store32(nextTidOf(self), yield* memory.load32(tidOf(worker)));
      yield* env.umcg.wait(UMCG_WAIT_WAKE_ONLY);
      yield* memory.store32(nextTidOf(self), 0);
      yield* cast.serve(env, self);
    });
  },
};

const F15: Scenario = {
  id: "F15",
  what: "a server switches to a task that is none of UMCG's",
  setup(machine) {
    const cast = new Cast(machine);
    const stranger = cast.spawn("T", function* (env) {
      yield* env.sys.nanosleep(1_000);
    });
    cast.server("S", function* (env, self) {
      const { memory } = env;
      yield* memory.store32(stateOf(self), UMCG_TASK_IDLE);
      yield* memory.store32(nextTidOf(self), stranger);
      must((yield* env.umcg.wait(0)) === -ESRCH, "a switch to a stranger");
      yield* memory.store32(stateOf(self), UMCG_TASK_RUNNING);
    });
  },
};

const F18: Scenario = {
  id: "F18",
  what: "a wait with flags that nobody knows",
  setup(machine) {
    const cast = new Cast(machine);
    cast.server("S", function* (env, self) {
      yield* env.memory.store32(stateOf(self), UMCG_TASK_IDLE);
      must((yield* env.umcg.wait(0x40)) === -EINVAL, "unknown flags are taken");
      yield* env.memory.store32(stateOf(self), UMCG_TASK_RUNNING);
    });
  },
};

const F57: Scenario = {
  id: "F57",
  what: "a tick comes to a worker on its way into its wait",
  config: { vcpus: 2, nondeterminism: { preemptions: 1 } },
  setup(machine) {
    const cast = new Cast(machine);
    cast.worker(
      "W",
      function* (env, self) {
        const { memory } = env;
        const server = yield* memory.load32(serverTidOf(self));
        yield* memory.store32(stateOf(self), UMCG_TASK_IDLE);
        yield* memory.store32(stateOf(yield* cast.recordOf(env, server)), UMCG_TASK_RUNNING);
        must((yield* env.umcg.wait(0)) !== -EINTR, "a worker's wait");
      },
      { affinity: [0] },
    );
    cast.server(
      "S",
      function* (env, self) {
        const { memory } = env;
        const worker = yield* cast.first(env, self);
        yield* cast.run(env, self, worker);
        // Not claimed by LOCKED, which the kernel would take for the worker's own.
        while ((yield* memory.load32(stateOf(worker))) !== UMCG_TASK_IDLE) yield* env.work(1);
        must(yield* cast.run(env, self, worker), "nobody else runs it");
      },
      { affinity: [1] },
    );
    cast.spawn(
      "T",
      function* (env) {
        for (let i = 0; i < 3; i++) yield* env.work(1);
      },
      { affinity: [0] },
    );
  },
};

export const WAITS: readonly Scenario[] = [F6, F12, F14, F15, F18, F39, F57];
