/**
 * Programs for machines on real threads, as images export them: set-up functions. What programs find out they write into words,
 * which main reads when the machine has run.
 */
import { threadId } from "node:worker_threads";
import { type Addr, offsetBy } from "../../src/atomics/address.ts";
import type { Coroutine } from "../../src/atomics/step.ts";
import { umcgSwap } from "../../src/bench/workloads/umcg-swap.ts";
import {
  EPOLL_CTL_ADD,
  EPOLLIN,
  NR_GETTID,
  SIGKILL,
  SIGUSR1,
  TASK_INTERRUPTIBLE,
  TASK_NORMAL,
  TASK_RUNNING,
  TIMER_ABSTIME,
} from "../../src/kernel-sim/constants.ts";
import { schedule } from "../../src/kernel-sim/schedule.ts";
import { requestIrq } from "../../src/kernel-sim/smp/irq-routing.ts";
import { setTaskState } from "../../src/kernel-sim/task-state.ts";
import { tryToWakeUp } from "../../src/kernel-sim/wakeup.ts";
import type { SetUp } from "../../src/machine/threads/index.ts";
import type { Env } from "../../src/umcg/env.ts";

const MS = 1_000_000;

/** Adds to a word that others add to. */
function* add(env: Env, at: Addr, by: number): Coroutine<number> {
  for (;;) {
    const old = yield* env.memory.load32(at);
    if ((yield* env.memory.cmpxchg32(at, old, old + by)) === 0) return old + by;
  }
}

function* waitFor(env: Env, at: Addr, value: number): Coroutine<void> {
  for (;;) {
    const found = yield* env.memory.load32(at);
    if (found === value) return;
    yield* env.sys.futexWait(at, found);
  }
}
function* publish(env: Env, at: Addr, value: number): Coroutine<void> {
  yield* env.memory.store32(at, value);
  yield* env.sys.futexWake(at, 100);
}

/** A case: what it leaves in its words, given 16 zeroed ones. `cpus` is how many there are. */
interface Case {
  readonly expected: readonly number[];
  start(machine: SetUp, at: Addr, cpus: number): void;
}

const OTHER = (machine: SetUp): { affinity: number[] } => ({ affinity: [machine.kernel.config.vcpus - 1] });
const FIRST = { affinity: [0] };

export const cases: Readonly<Record<string, Case>> = {
  "adding to one word": {
    expected: [2000],
    start(machine, at) {
      for (let task = 0; task < 4; task++)
        machine.spawn(function* (env) {
          for (let n = 0; n < 500; n++) yield* add(env, at, 1);
        });
    },
  },

  "a futex between two CPUs": {
    expected: [100, 100],
    start(machine, at) {
      const [ping, pong] = [at, offsetBy(at, 4)];
      machine.spawn(function* (env) {
        for (let round = 1; round <= 100; round++) {
          yield* publish(env, ping, round);
          yield* waitFor(env, pong, round);
        }
      }, FIRST);
      machine.spawn(function* (env) {
        for (let round = 1; round <= 100; round++) {
          yield* waitFor(env, ping, round);
          yield* publish(env, pong, round);
        }
      }, OTHER(machine));
    },
  },

  "a pipe between two CPUs": {
    expected: [300, 0, 300],
    start(machine, at) {
      const fdAt = offsetBy(at, 4);
      const [from, into] = [machine.allocate(8), machine.allocate(64)];
      machine.spawn(function* (env) {
        const fd = yield* env.sys.pipe();
        yield* publish(env, fdAt, fd);
        for (let n = 0; n < 100; n++) yield* add(env, at, yield* env.sys.write(fd + 1, from, 3));
        yield* env.sys.close(fd + 1);
      }, FIRST);
      machine.spawn(function* (env) {
        while ((yield* env.memory.load32(fdAt)) === 0) yield* env.sys.futexWait(fdAt, 0);
        const fd = yield* env.memory.load32(fdAt);
        yield* env.memory.store32(fdAt, 0);
        for (;;) {
          const count = yield* env.sys.read(fd, into, 64);
          if (count === 0) break;
          yield* add(env, offsetBy(at, 8), count);
        }
      }, OTHER(machine));
    },
  },

  "a sleep takes its time, and a timeout comes": {
    expected: [1, 110, 1],
    start(machine, at) {
      machine.spawn(function* (env) {
        const began = env.now();
        yield* env.sys.nanosleep(3 * MS);
        yield* env.memory.store32(at, env.now() - began >= 3 * MS ? 1 : 0);
        const before = env.now();
        yield* env.memory.store32(offsetBy(at, 4), -(yield* env.sys.futexWait(offsetBy(at, 60), 0, 2 * MS)));
        yield* env.memory.store32(offsetBy(at, 8), env.now() - before >= 2 * MS ? 1 : 0);
      });
    },
  },

  "signals cross CPUs: to a sleeper, to one that computes, to one that touches memory": {
    expected: [SIGUSR1, SIGUSR1, SIGUSR1, 3],
    start(machine, at) {
      const ready = offsetBy(at, 32);
      const victims = [0, 1, 2].map((kind) =>
        machine.spawn(function* (env) {
          let caught = 0;
          yield* env.sys.sigaction(SIGUSR1, function* (signal) {
            caught = signal;
            yield* add(env, offsetBy(at, 12), 1);
          });
          yield* add(env, ready, 1);
          yield* env.sys.futexWake(ready, 1);
          while (caught === 0) {
            if (kind === 0) yield* env.sys.nanosleep(10_000 * MS);
            else if (kind === 1) yield* env.work(1000 * MS);
            else yield* env.memory.load32(ready);
          }
          yield* env.memory.store32(offsetBy(at, 4 * kind), caught);
        }, OTHER(machine)),
      );
      machine.spawn(function* (env) {
        yield* waitFor(env, ready, 3);
        for (const tid of victims) yield* env.sys.kill(tid, SIGUSR1);
      }, FIRST);
    },
  },

  "killing one that computes, and joining it": {
    expected: [128 + SIGKILL, 7],
    start(machine, at) {
      const victim = machine.spawn(function* (env) {
        for (;;) yield* env.work(1000 * MS);
      }, OTHER(machine));
      const child = machine.spawn(function* (env) {
        yield* env.sys.nanosleep(MS);
        return 7;
      });
      machine.spawn(function* (env) {
        yield* env.sys.nanosleep(2 * MS);
        yield* env.sys.kill(victim, SIGKILL);
        yield* env.memory.store32(at, yield* env.sys.join(victim));
        yield* env.memory.store32(offsetBy(at, 4), yield* env.sys.join(child));
      }, FIRST);
    },
  },

  "two that need each other on one CPU get it in turn": {
    expected: [50],
    start(machine, at) {
      const turn = offsetBy(at, 4);
      for (const parity of [0, 1]) {
        machine.spawn(function* (env) {
          for (let round = 0; round < 25; round++) {
            while ((yield* env.memory.load32(turn)) % 2 !== parity);
            yield* add(env, at, 1);
            yield* add(env, turn, 1);
          }
        }, FIRST);
      }
    },
  },

  "timers of files, watched": {
    expected: [1, 8, 1],
    start(machine, at) {
      const into = machine.allocate(64);
      machine.spawn(function* (env) {
        const timer = yield* env.sys.timerfdCreate();
        const epoll = yield* env.sys.epollCreate();
        yield* env.sys.epollCtl(epoll, EPOLL_CTL_ADD, timer, EPOLLIN);
        yield* env.sys.timerfdSettime(timer, TIMER_ABSTIME, env.now() + MS);
        yield* env.memory.store32(at, yield* env.sys.epollWait(epoll, into, 1));
        yield* env.memory.store32(offsetBy(at, 4), yield* env.sys.read(timer, into, 8));
        yield* env.memory.store32(offsetBy(at, 8), yield* env.memory.load32(into));
      }, OTHER(machine));
    },
  },

  "pages that are absent, and on disk": {
    expected: [0, 5, 1],
    start(machine, at) {
      const [absent, onDisk] = [machine.allocate(4096, 4096), machine.allocate(4096, 4096)];
      new Uint32Array(machine.kernel.buffer, onDisk, 1)[0] = 5;
      machine.protect(absent, 4096, "absent");
      machine.swapOut(onDisk, 4096);
      machine.spawn(function* (env) {
        yield* env.memory.store32(at, yield* env.memory.load32(absent));
        const began = env.now();
        yield* env.memory.store32(offsetBy(at, 4), yield* env.memory.load32(onDisk));
        yield* env.memory.store32(offsetBy(at, 8), env.now() - began >= 100_000 ? 1 : 0);
      });
    },
  },

  "a trapped call, answered on another CPU": {
    expected: [42],
    start(machine, at) {
      const fdAt = offsetBy(at, 8);
      machine.spawn(function* (env) {
        yield* publish(env, fdAt, yield* env.sys.seccompNotify(NR_GETTID));
        yield* env.memory.store32(at, yield* env.sys.gettid());
      }, FIRST);
      machine.spawn(function* (env) {
        while ((yield* env.memory.load32(fdAt)) === 0) yield* env.sys.futexWait(fdAt, 0);
        const fd = yield* env.memory.load32(fdAt);
        const id = yield* env.sys.notifyReceive(fd);
        yield* env.sys.notifySend(fd, id, 42);
      }, OTHER(machine));
    },
  },

  "a barrier on all CPUs": {
    expected: [0],
    start(machine, at) {
      machine.spawn(function* (env) {
        yield* env.sys.nanosleep(MS);
        yield* env.memory.store32(at, -(yield* env.sys.membarrier()));
      });
    },
  },

  "UMCG workers that switch to each other": {
    expected: [100],
    start(machine, at) {
      const words = new Uint32Array(machine.kernel.buffer, at, 1);
      umcgSwap.start(machine, {
        total: 100,
        onRound: (round) => {
          words[0] = round;
        },
      });
    },
  },

  "a task that a task starts stays where that is; a closure goes with it": {
    expected: [1, 22, 6],
    start(machine, at) {
      machine.spawn(function* (env) {
        const here = env.cpu();
        let shared = 5;
        const child = yield* env.spawn(function* (self) {
          yield* self.sys.nanosleep(MS);
          shared++;
          yield* self.memory.store32(at, self.cpu() === here ? 1 : 2);
        });
        const elsewhere = [0, 1].filter((cpu) => cpu !== here);
        yield* env.memory.store32(offsetBy(at, 4), -(yield* env.sys.schedSetaffinity(0, elsewhere)));
        yield* env.sys.join(child);
        yield* env.memory.store32(offsetBy(at, 8), shared);
      });
    },
  },

  "a device of main's interrupts": {
    expected: [3],
    start(machine, at) {
      const { kernel } = machine;
      let sleeper = 0;
      requestIrq(kernel, () => {
        if (sleeper !== 0) tryToWakeUp(kernel, sleeper, TASK_NORMAL, 0);
      });
      machine.spawn(function* (env) {
        sleeper = env.tid;
        for (let n = 0; n < 3; n++) {
          kernel.host.enterKernel();
          setTaskState(kernel, env.tid, TASK_INTERRUPTIBLE);
          machine.say("raise");
          yield* schedule(kernel, env.tid);
          setTaskState(kernel, env.tid, TASK_RUNNING);
          kernel.host.leaveKernel();
          yield* add(env, at, 1);
        }
      }, FIRST);
    },
  },
};

/** All cases, each in 64 bytes from the first address of user memory on. */
export function setUpCases(machine: SetUp): void {
  const at = machine.allocate(64 * Object.keys(cases).length, 64);
  for (const [index, one] of Object.values(cases).entries())
    one.start(machine, offsetBy(at, 64 * index), machine.kernel.config.vcpus);
}

/** Reads a file by main, on each CPU; words: how many bytes came, and the first of them. */
export function setUpReaders(machine: SetUp): void {
  machine.acceptCompletions();
  const at = machine.allocate(64);
  for (const [index, options] of [FIRST, OTHER(machine)].entries()) {
    const into = machine.allocate(256);
    machine.spawn(function* (env) {
      const fd = yield* env.sys.eventfd();
      machine.say({ into, length: 256, fd, cpu: env.cpu() });
      const count = yield* env.sys.read(fd, into, 8);
      yield* env.memory.store32(offsetBy(at, 8 * index), count);
      yield* env.memory.store32(offsetBy(at, 8 * index + 4), yield* env.memory.load32(offsetBy(into, 8)));
    }, options);
  }
}

/** Each waits for the other. */
export function setUpDeadlock(machine: SetUp): void {
  const word = machine.allocate(64);
  for (const name of ["romeo", "juliet"]) {
    machine.spawn(
      function* (env) {
        yield* env.sys.nanosleep(MS);
        yield* env.sys.futexWait(word, 0);
      },
      { name },
    );
  }
}

export function setUpThrow(machine: SetUp): void {
  machine.spawn(
    function* (env) {
      yield* env.sys.nanosleep(MS);
      throw new Error("because of the test");
    },
    { name: "thrower", ...OTHER(machine) },
  );
  machine.spawn(function* (env) {
    for (;;) yield* env.work(MS);
  }, FIRST);
}

/** Its Worker is gone, with the kernel's lock. */
export function setUpDeath(machine: SetUp): void {
  machine.spawn(function* (env) {
    yield* env.sys.nanosleep(MS);
    machine.kernel.host.enterKernel();
    process.exit(3);
  }, OTHER(machine));
  machine.spawn(function* (env) {
    for (;;) yield* env.sys.nanosleep(MS);
  }, FIRST);
}

/** Sets up otherwise each time. */
export function setUpOtherwise(machine: SetUp): void {
  const at = machine.allocate(64);
  new Uint32Array(machine.kernel.buffer, at, 1)[0] = threadId;
}

export function setUpBadly(): void {
  throw new Error("nothing can be set up");
}

/** Tasks that never end: one touches memory, one computes, one sleeps in the kernel. */
export function setUpEndless(machine: SetUp): void {
  const word = machine.allocate(64);
  machine.spawn(function* (env) {
    for (;;) yield* env.memory.load32(word);
  });
  machine.spawn(function* (env) {
    for (;;) yield* env.work(3600e9);
  });
  machine.spawn(function* (env) {
    yield* env.sys.futexWait(word, 0);
  });
}

export function setUpNothing(): void {}
