/**
 * An image for machines on real threads: everything that CPUs do in the kernel at once, against each other and against what is
 * done alone. What must hold at the end is in words (`STORM_EXPECTED`); a wake-up that is lost is a run that does not end.
 */
import { type Addr, offsetBy } from "../../src/atomics/address.ts";
import { EINTR, ETIMEDOUT } from "../../src/atomics/errno.ts";
import type { Coroutine } from "../../src/atomics/step.ts";
import { startSwapRing } from "../../src/bench/workloads/umcg-swap.ts";
import { NR_FUTEX, SIGUSR1, SIGUSR2 } from "../../src/kernel-sim/constants.ts";
import { STEP_SYSCALL_ENTRY, STEP_SYSCALL_EXIT } from "../../src/kernel-sim/steps.ts";
import type { SetUp } from "../../src/machine/threads/index.ts";
import type { Env } from "../../src/umcg/env.ts";
import { add, withLock } from "./storm-steps.ts";

const US = 1000;
/** Tasks of each kind on each CPU. */
const EACH = 2;

export interface StormArgs {
  readonly rounds: number;
}

/** Words of the storm: what is counted with a lock, rounds of the ring, hand-overs that were not taken, ends. */
export function stormExpected(vcpus: number, rounds: number): number[] {
  return [EACH * vcpus * rounds, rounds, 0, vcpus * (3 * EACH + 3) + 1];
}

/** Signals do not kill it from here on. */
function* ready(env: Env, at: Addr): Coroutine<void> {
  yield* env.sys.sigaction(SIGUSR1, function* (): Coroutine<void> {});
  yield* add(env, at);
}

/** Counts with a lock that tasks of all CPUs want, while signals come. */
function counter(lock: Addr, count: Addr, rounds: number, readyAt: Addr) {
  return function* (env: Env): Coroutine<void> {
    yield* ready(env, readyAt);
    for (let round = 0; round < rounds; round++) {
      yield* withLock(env, lock, function* () {
        const old = yield* env.memory.load32(count);
        if (round % 8 === 0) yield* env.sys.schedYield();
        yield* env.memory.store32(count, old + 1);
      });
    }
  };
}

/** Waits with time-outs for words that others wake, or move waiters to. */
function waiter(words: Addr, rounds: number, wrong: Addr, readyAt: Addr) {
  return function* (env: Env): Coroutine<void> {
    yield* ready(env, readyAt);
    for (let round = 0; round < rounds; round++) {
      const got = yield* env.sys.futexWait(offsetBy(words, 4 * (round % 2)), 0, (10 + (round % 5) * 20) * US);
      if (got !== 0 && got !== -ETIMEDOUT && got !== -EINTR) yield* add(env, wrong);
    }
  };
}

/** Wakes them, moves them between two buckets in both directions, sleeps a little. */
function waker(words: Addr, rounds: number) {
  return function* (env: Env): Coroutine<void> {
    const [a, b] = [words, offsetBy(words, 4)];
    for (let round = 0; round < rounds; round++) {
      const [from, to] = round % 4 < 2 ? [a, b] : [b, a];
      yield* env.sys.futexRequeue({ from, to, wake: 0, move: 1, expected: undefined });
      yield* env.sys.futexWake(to, 1 + (round % 2));
      if (round % 3 === 0) yield* env.sys.nanosleep(20 * US);
    }
  };
}

/** Sleeps until a signal comes, which says so in a word, as often as one is sent. */
function called(said: Addr, taken: Addr, rounds: number) {
  return function* (env: Env): Coroutine<void> {
    yield* env.sys.sigaction(SIGUSR2, function* (): Coroutine<void> {
      yield* env.memory.store32(said, 1);
    });
    yield* add(env, taken);
    for (let round = 0; round < rounds; round++) {
      while ((yield* env.memory.load32(said)) === 0) yield* env.sys.futexWait(said, 0);
      yield* env.memory.store32(said, 0);
      yield* add(env, taken);
    }
  };
}

/** Sends the next signal when the last one has been taken. One that finds nobody awake or asleep is a run that does not end. */
function caller(tid: number, taken: Addr, rounds: number) {
  return function* (env: Env): Coroutine<void> {
    for (let round = 0; round < rounds; round++) {
      while ((yield* env.memory.load32(taken)) <= round) yield* env.sys.schedYield();
      yield* env.sys.kill(tid, SIGUSR2);
    }
  };
}

/** Signals to everybody; and what is done alone, pipes that come and go. */
function signaller(targets: readonly number[], rounds: number, readyAt: Addr) {
  return function* (env: Env): Coroutine<void> {
    while ((yield* env.memory.load32(readyAt)) < targets.length) yield* env.sys.nanosleep(50 * US);
    const fd = yield* env.sys.pipe();
    const bytes = env.allocate(8);
    for (let round = 0; round < rounds; round++) {
      for (const tid of targets) yield* env.sys.kill(tid, SIGUSR1);
      yield* env.sys.write(fd + 1, bytes, 4);
      yield* env.sys.read(fd, bytes, 4);
      yield* env.sys.nanosleep(50 * US);
    }
  };
}

export function setUpStorm(machine: SetUp): void {
  const { rounds } = machine.args as StormArgs;
  const [results, lock, words] = [machine.allocate(64), machine.allocate(64), machine.allocate(64)];
  const [count, ring, wrong, ends, readyAt] = [0, 4, 8, 12, 16].map((by) => offsetBy(results, by)) as [
    Addr,
    Addr,
    Addr,
    Addr,
    Addr,
  ];
  const counted = new Uint32Array(machine.kernel.buffer, ring, 1);
  const tids: number[] = [];
  const start = (cpu: number, program: (env: Env) => Coroutine<void>): number =>
    machine.spawn(
      function* (env) {
        yield* program(env);
        yield* add(env, ends);
      },
      { affinity: [cpu] },
    );
  for (let cpu = 0; cpu < machine.kernel.config.vcpus; cpu++) {
    for (let task = 0; task < EACH; task++) {
      tids.push(
        start(cpu, counter(lock, count, rounds, readyAt)),
        start(cpu, waiter(words, rounds, wrong, readyAt)),
      );
      start(cpu, waker(words, rounds));
    }
    start(cpu, function* (env) {
      for (let round = 0; round < rounds; round++) yield* env.sys.nanosleep(30 * US);
    });
    const [said, taken] = [machine.allocate(64), machine.allocate(64)];
    const calls = Math.ceil(rounds / 4);
    const sleeper = start(cpu, called(said, taken, calls));
    start((cpu + 1) % machine.kernel.config.vcpus, caller(sleeper, taken, calls));
  }
  start(0, signaller(tids, Math.ceil(rounds / 4), readyAt));
  const onRound = (round: number): void => {
    counted[0] = round;
  };
  startSwapRing(machine, { total: rounds, onRound }, 3);
}

/** Longer than any CPU is on its way. */
const MEET_MS = 60_000;

/**
 * On each CPU, in a call that shares: waits for the other CPUs to come in, too. They wait for each other before it, in user mode:
 * a CPU that has yet to get there may have to be alone for that. Word 0: how many have seen all of them inside.
 */
export function setUpMeeting(machine: SetUp): void {
  const { kernel } = machine;
  const { vcpus } = kernel.config;
  const at = machine.allocate(64);
  const words = new Int32Array(kernel.buffer, at, 3);
  const meet = (word: number): boolean => {
    Atomics.add(words, word, 1);
    for (const end = Date.now() + MEET_MS; Atomics.load(words, word) < vcpus; )
      if (Date.now() > end) return false;
    return true;
  };
  for (let cpu = 0; cpu < vcpus; cpu++)
    machine.spawn(
      function* (env) {
        yield* env.memory.load32(at);
        const here = meet(1);
        kernel.host.charge(STEP_SYSCALL_ENTRY, NR_FUTEX);
        if (here && meet(2)) Atomics.add(words, 0, 1);
        kernel.host.charge(STEP_SYSCALL_EXIT);
      },
      { affinity: [cpu] },
    );
}

/** In a call that shares: looks at a futex bucket with the lock of a queue. */
export function setUpWrongOrder(machine: SetUp): void {
  machine.spawn(
    function* (env) {
      const { kernel } = machine;
      kernel.host.charge(STEP_SYSCALL_ENTRY, NR_FUTEX);
      kernel.fair.isQueued(env.tid);
      kernel.waits.first(5);
      yield* kernel.host.sync();
    },
    { name: "villain" },
  );
}
