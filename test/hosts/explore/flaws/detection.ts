/** Scenarios about block and wake detection (sections 11.3 to 11.5). */
import { PAGE_SIZE } from "../../../../src/atomics/address.ts";
import { EINTR, ENOSYS } from "../../../../src/atomics/errno.ts";
import type { Coroutine } from "../../../../src/atomics/step.ts";
import {
  MADV_PAGEOUT,
  SIGUSR1,
  TASK_RUNNING,
  TASK_UNINTERRUPTIBLE,
} from "../../../../src/kernel-sim/constants.ts";
import { schedule } from "../../../../src/kernel-sim/schedule.ts";
import { exitToUserMode, hasExitWork } from "../../../../src/kernel-sim/signals.ts";
import { setTaskState } from "../../../../src/kernel-sim/task-state.ts";
import { tryToWakeUp } from "../../../../src/kernel-sim/wakeup.ts";
import { markDeleted, push } from "../../../../src/llist/llist.ts";
import type { ExploredMachine } from "../../../../src/machine/explored-machine.ts";
import {
  idleServersOf,
  stateOf,
  UMCG_TASK_IDLE,
  UMCG_TASK_RUNNING,
  UMCG_TF_PREEMPTED,
} from "../../../../src/umcg/abi.ts";
import type { Env } from "../../../../src/umcg/env.ts";
import { blockOn, Cast, must, signalWord, tidOf } from "./cast.ts";
import type { Scenario } from "./scenario.ts";

/** A server, and a worker that blocks in the kernel until somebody ends that. Nothing is wrong with it. */
export const PLAIN: Scenario = {
  id: "plain",
  what: "a worker blocks and wakes up",
  setup(machine) {
    const cast = new Cast(machine);
    const word = cast.word();
    cast.server("S", (env, self) => cast.serve(env, self));
    cast.worker("W", (env) => blockOn(env, word));
    cast.spawn("T", (env) => signalWord(env, word));
  },
};

const F20: Scenario = {
  id: "F20",
  what: "a server keeps bits of its own in its word",
  setup(machine) {
    const cast = new Cast(machine);
    const word = cast.word();
    const started = cast.word();
    cast.server("S", function* (env, self) {
      const { memory } = env;
      const worker = yield* cast.first(env, self);
      // As Cast.run, with the bits.
      yield* memory.store32(stateOf(self), UMCG_TASK_IDLE | 0x5a00_0000);
      yield* cast.handOver(env, self, worker);
      yield* memory.store32(stateOf(self), UMCG_TASK_RUNNING);
      yield* cast.serve(env, self);
    });
    cast.worker("W", function* (env) {
      yield* signalWord(env, started);
      yield* blockOn(env, word);
    });
    cast.spawn("T", function* (env) {
      yield* blockOn(env, started);
      yield* signalWord(env, word);
    });
  },
};

const F21: Scenario = {
  id: "F21",
  what: "the page of a worker's record is moved to disk",
  config: { userBytes: 4 * PAGE_SIZE, maxTimers: 4 },
  setup(machine) {
    const cast = new Cast(machine);
    const word = cast.word();
    const started = cast.word();
    cast.server("S", (env, self) => cast.serve(env, self));
    machine.allocate(0, PAGE_SIZE);
    const worker = cast.worker("W", function* (env) {
      yield* signalWord(env, started);
      yield* blockOn(env, word);
    });
    cast.spawn("T", function* (env) {
      yield* blockOn(env, started);
      yield* env.sys.madvise(worker, 64, MADV_PAGEOUT);
      yield* signalWord(env, word);
    });
  },
};

/** A lock of the kernel's, and a system call that sleeps with it held. */
class KernelLock {
  holder = 0;
  readonly waiting: number[] = [];

  *call(machine: ExploredMachine, env: Env, inside: () => Coroutine<void>): Coroutine<void> {
    const { kernel } = machine;
    yield* kernel.host.sync();
    while (this.holder !== 0) {
      this.waiting.push(env.tid);
      yield* uninterruptible(machine, env.tid);
    }
    this.holder = env.tid;
    yield* inside();
    yield* kernel.host.sync();
    this.holder = 0;
    for (const tid of this.waiting.splice(0)) tryToWakeUp(kernel, tid, TASK_UNINTERRUPTIBLE, 0);
    if (hasExitWork(kernel, env.tid)) yield* exitToUserMode(kernel, env.tid);
  }
}

function* uninterruptible(machine: ExploredMachine, tid: number): Coroutine<void> {
  setTaskState(machine.kernel, tid, TASK_UNINTERRUPTIBLE);
  yield* schedule(machine.kernel, tid);
  setTaskState(machine.kernel, tid, TASK_RUNNING);
}

const F27: Scenario = {
  id: "F27",
  what: "a worker sleeps in the kernel with a lock held, and its server needs the lock",
  setup(machine) {
    const cast = new Cast(machine);
    const lock = new KernelLock();
    const held = cast.word();
    cast.server("S", function* (env, self) {
      const worker = yield* cast.first(env, self);
      yield* cast.run(env, self, worker);
      yield* lock.call(machine, env, function* () {});
      yield* cast.serve(env, self);
    });
    const sleeper = cast.worker("W", (env) =>
      lock.call(machine, env, function* () {
        yield* env.memory.store32(held, 1);
        yield* env.sys.futexWake(held, 1);
        yield* uninterruptible(machine, env.tid);
      }),
    );
    cast.spawn("T", function* (env) {
      yield* blockOn(env, held);
      // The disk that it waits for answers.
      const tid = yield* env.memory.load32(tidOf(sleeper));
      for (;;) {
        yield* machine.kernel.host.sync();
        if (tryToWakeUp(machine.kernel, tid, TASK_UNINTERRUPTIBLE, 0)) break;
        yield* env.sys.nanosleep(1);
      }
    });
  },
};

const F28: Scenario = {
  id: "F28",
  what: "a server that has published itself finds something else to do",
  config: { vcpus: 4 },
  setup(machine) {
    const cast = new Cast(machine);
    const word = cast.word();
    const published = cast.word();
    cast.server("S", function* (env, self) {
      yield* cast.serve(env, self);
    });
    cast.server("B", function* (env, self) {
      const { memory } = env;
      yield* memory.store32(stateOf(self), UMCG_TASK_IDLE);
      yield* push(memory, cast.idleServers, idleServersOf(self));
      yield* signalWord(env, published);
      const busy = (yield* memory.cmpxchg32(stateOf(self), UMCG_TASK_IDLE, UMCG_TASK_RUNNING)) === 0;
      yield* markDeleted(memory, idleServersOf(self));
      // Taken: then it has been woken for a worker, and passes that on.
      if (!busy) yield* cast.wakeAnother(env, self);
    });
    cast.worker("W", (env) => blockOn(env, word));
    cast.spawn("T", function* (env) {
      yield* blockOn(env, published);
      yield* signalWord(env, word);
    });
  },
};

const F32: Scenario = {
  id: "F32",
  what: "a user bit is set in the word of a worker that blocks",
  config: { vcpus: 3 },
  setup(machine) {
    const cast = new Cast(machine);
    const word = cast.word();
    const started = cast.word();
    cast.server("S", (env, self) => cast.serve(env, self));
    const worker = cast.worker("W", function* (env) {
      yield* signalWord(env, started);
      yield* blockOn(env, word);
    });
    cast.spawn("T", function* (env) {
      yield* blockOn(env, started);
      for (;;) {
        const state = yield* env.memory.load32(stateOf(worker));
        if ((yield* env.memory.cmpxchg32(stateOf(worker), state, state | 0x1000_0000)) === 0) break;
      }
      yield* signalWord(env, word);
    });
  },
};

const F36: Scenario = {
  id: "F36",
  what: "a worker is preempted, by a kick or by what there is instead",
  config: { vcpus: 3 },
  setup(machine) {
    const cast = new Cast(machine);
    const word = cast.word();
    const started = cast.word();
    cast.server("S", (env, self) => cast.serve(env, self));
    const worker = cast.worker("W", function* (env) {
      yield* env.sys.sigaction(SIGUSR1, function* () {});
      yield* signalWord(env, started);
      while ((yield* env.memory.load32(word)) === 0) {
        must(
          (yield* env.sys.futexWait(word, 0)) !== -EINTR,
          "a call that has nothing to do with it is interrupted",
        );
      }
    });
    cast.server("P", function* (env) {
      const { memory } = env;
      yield* blockOn(env, started);
      const tid = yield* memory.load32(tidOf(worker));
      if ((yield* env.umcg.kick(0, tid)) === -ENOSYS) {
        if ((yield* memory.load32(stateOf(worker))) === UMCG_TASK_RUNNING) yield* env.sys.kill(tid, SIGUSR1);
      } else {
        const running = UMCG_TASK_RUNNING;
        if ((yield* memory.cmpxchg32(stateOf(worker), running, running | UMCG_TF_PREEMPTED)) === 0)
          yield* env.umcg.kick(0, tid);
      }
      yield* signalWord(env, word);
    });
  },
};

export const DETECTION: readonly Scenario[] = [F20, F21, F27, F28, F32, F36];
