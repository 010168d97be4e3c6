/**
 * An image for machines on real threads: workers on the servers of all CPUs that block, wake each other across CPUs, are preempted,
 * time out, get signals, are cancelled, end and are killed, while other tasks register and unregister. What must hold at the end is
 * in words (`umcgStormExpected`); a wake-up that is lost is a run that does not end.
 */
import { type Addr, addr, addrFromWord, offsetBy } from "../../src/atomics/address.ts";
import type { Coroutine } from "../../src/atomics/step.ts";
import { setUpPipe } from "../../src/bench/workload.ts";
import { SIGKILL, SIGUSR1 } from "../../src/kernel-sim/constants.ts";
import type { SetUp } from "../../src/machine/threads/index.ts";
import {
  apiVersionOf,
  serverTidOf,
  stateOf,
  UMCG_CTL_REGISTER,
  UMCG_CTL_UNREGISTER,
  UMCG_TASK_IDLE,
  UMCG_TASK_RUNNING,
  UMCG_TF_LOCKED,
  UMCG_TF_PREEMPTED,
  UMCG_TF_STATE_MASK,
} from "../../src/umcg/abi.ts";
import type { Env } from "../../src/umcg/env.ts";
import { createRuntime, type Runtime, type RuntimeOptions, type Worker } from "../../src/worker/index.ts";
import { add, withLock } from "./storm-steps.ts";

const US = 1000;
/** What a victim says when it has begun: its tid, plus this. */
const BEGUN = 1 << 16;

export interface UmcgStormArgs {
  readonly rounds: number;
  readonly runtime: RuntimeOptions;
}

/** How often the dear ones of `rounds` are made: births, deaths, registrations. */
const fewer = (rounds: number): number => Math.ceil(rounds / 8);

/** Words: counted with a lock, bytes through pipes, tokens, sleeps, turns of spinners, children's sum, killed, cancelled, registered. */
export function umcgStormExpected(vcpus: number, rounds: number): number[] {
  const few = fewer(rounds);
  const children = (few * (few - 1)) / 2;
  return [2 * rounds, 2 * rounds, 2 * rounds, rounds, rounds, children, few, few, few].map((n) => n * vcpus);
}

const COUNTED = 0;
const PIPED = 1;
const TOKENS = 2;
const SLEPT = 3;
const TURNS = 4;
const CHILDREN = 5;
const KILLED = 6;
const CANCELLED = 7;
const REGISTERED = 8;

/** A storm as its parts see it. */
interface Storm {
  readonly machine: SetUp;
  readonly runtime: Runtime;
  readonly rounds: number;
  readonly word: (index: number) => Addr;
  /** A worker that gets signals: its body begins by saying who it is. */
  readonly target: (body: (worker: Worker) => Coroutine<void>) => void;
}

/** Counts with a lock that workers of all CPUs want; preempted and in the middle of it, too. */
function startCounter({ rounds, word, target }: Storm, lock: Addr): void {
  const at = word(COUNTED);
  target(function* (worker) {
    for (let round = 0; round < rounds; round++)
      yield* withLock(worker.env, lock, function* () {
        const old = yield* worker.memory.load32(at);
        if (round % 8 === 0) yield* worker.yield();
        yield* worker.memory.store32(at, old + 1);
      });
  });
}

/** Sends a byte on when one comes. */
function startStation({ rounds, word, target }: Storm, from: number, to: number, first: boolean): void {
  target(function* (worker) {
    const byte = worker.allocate(8);
    if (first) yield* worker.sys.write(to, byte, 1);
    for (let round = 0; round < rounds; round++) {
      while ((yield* worker.sys.read(from, byte, 1)) !== 1);
      yield* add(worker.env, word(PIPED));
      if (!first || round + 1 < rounds) while ((yield* worker.sys.write(to, byte, 1)) !== 1);
    }
  });
}

/** Two that park for each other, one of them with time-outs: what is counted is in words, a token only says that there is something. */
function startPair({ machine, runtime, rounds, word }: Storm): void {
  const given = machine.allocate(64);
  const taken = machine.allocate(64);
  const taker = runtime.spawn(function* (worker) {
    for (let round = 0; round < rounds; round++) {
      while ((yield* worker.memory.load32(given)) <= round)
        yield* worker.parkUntil(worker.now() + (20 + (round % 4) * 30) * US);
      yield* worker.memory.store32(taken, round + 1);
      yield* add(worker.env, word(TOKENS));
      yield* worker.unpark(giver);
    }
  });
  const giver: { readonly record: Addr } = runtime.spawn(function* (worker) {
    for (let round = 0; round < rounds; round++) {
      yield* worker.memory.store32(given, round + 1);
      yield* worker.unpark(taker);
      while ((yield* worker.memory.load32(taken)) <= round) yield* worker.park();
      yield* add(worker.env, word(TOKENS));
    }
  });
}

function startSleeper({ rounds, word, target }: Storm): void {
  target(function* (worker) {
    for (let round = 0; round < rounds; round++) {
      yield* round % 2 === 0 ? worker.sleep(20 * US) : worker.sys.nanosleep(10 * US);
      yield* add(worker.env, word(SLEPT));
    }
  });
}

/** Computes, and gives way when it is asked to. */
function startSpinner({ rounds, word, target }: Storm): void {
  target(function* (worker) {
    for (let round = 0; round < rounds; round++) {
      yield* worker.work(5 * US);
      yield* worker.checkpoint();
      yield* add(worker.env, word(TURNS));
    }
  });
}

/** Starts workers and joins them, in another order. */
function startParent({ runtime, rounds, word }: Storm): void {
  runtime.spawn(function* (worker) {
    for (let child = 0; child < fewer(rounds); child++) {
      const handle = yield* worker.spawn(function* (own) {
        if (child % 3 === 0) yield* own.sleep(10 * US);
        return child;
      });
      yield* add(worker.env, word(CHILDREN), yield* worker.join(handle));
    }
  });
}

/** Victims one after the other, each killed wherever it is by a task of another CPU. */
function startVictims({ machine, runtime, rounds, word }: Storm, cpu: number, ends: readonly number[]): void {
  const named = machine.allocate(64);
  const never = machine.allocate(64);
  const few = fewer(rounds);
  runtime.spawn(function* (worker) {
    for (let victim = 0; victim < few; victim++) {
      const handle = yield* worker.spawn((own) => wait(own, victim, named, never, ends));
      const end = yield* codeOf(worker.join(handle));
      if (end === "ERR_KILLED") yield* add(worker.env, word(KILLED));
    }
  });
  machine.spawn(
    function* (env) {
      for (let victim = 0; victim < few; victim++) {
        for (let said = 0; said < BEGUN; said = yield* env.memory.load32(named))
          yield* env.sys.futexWait(named, 0, 200 * US);
        const tid = (yield* env.memory.xchg32(named, 0)) - BEGUN;
        if (victim % 3 !== 0) yield* env.sys.nanosleep((victim % 5) * 7 * US);
        yield* env.sys.kill(tid, SIGKILL);
      }
    },
    { affinity: [(cpu + 1) % machine.kernel.config.vcpus] },
  );
}

/** What a victim does until it is killed: nothing by which it could hold what is the library's. */
function* wait(
  own: Worker,
  victim: number,
  named: Addr,
  never: Addr,
  [from = 0]: readonly number[],
): Coroutine<void> {
  const byte = own.allocate(8);
  yield* own.memory.store32(named, own.tid + BEGUN);
  yield* own.sys.futexWake(named, 1);
  for (;;) {
    if (victim % 4 === 0) yield* own.sys.futexWait(never, 0, 30 * US);
    else if (victim % 4 === 1) yield* own.sys.read(from, byte, 1);
    else if (victim % 4 === 2) yield* own.sys.nanosleep(5 * US);
    else yield* own.work(3 * US);
  }
}

function* codeOf(call: Coroutine<unknown>): Coroutine<string> {
  try {
    yield* call;
    return "";
  } catch (error) {
    return String((error as { readonly code?: unknown }).code);
  }
}

/** Workers that wait for ever, and are cancelled. */
function startCancelled({ runtime, rounds, word }: Storm): void {
  runtime.spawn(function* (worker) {
    for (let round = 0; round < fewer(rounds); round++) {
      const handle = yield* worker.spawn(function* (own) {
        for (;;) yield* round % 2 === 0 ? own.park() : own.sleep(15 * US);
      });
      if (round % 3 === 0) yield* worker.yield();
      yield* worker.cancel(handle);
      if ((yield* codeOf(worker.join(handle))) === "ERR_WORKER_CANCELLED")
        yield* add(worker.env, word(CANCELLED));
    }
  });
}

/** A server that is no runtime's: registers, waits until it is late, and unregisters. */
function startRegistrar({ machine, rounds, word }: Storm, cpu: number): void {
  const record = machine.allocate(64);
  machine.spawn(
    function* (env) {
      for (let round = 0; round < fewer(rounds); round++) {
        yield* env.memory.store32(stateOf(record), UMCG_TASK_RUNNING);
        yield* env.memory.store32(apiVersionOf(record), 1);
        yield* env.memory.store32(serverTidOf(record), 0);
        if ((yield* env.umcg.ctl(UMCG_CTL_REGISTER, record)) !== 0) return;
        yield* env.memory.store32(stateOf(record), UMCG_TASK_IDLE);
        yield* env.umcg.wait(0, env.now() + (10 + (round % 3) * 20) * US);
        if ((yield* env.umcg.ctl(UMCG_CTL_UNREGISTER, addrFromWord(0n))) !== 0) return;
        yield* add(env, word(REGISTERED));
      }
    },
    { affinity: [cpu] },
  );
}

/** Asks a worker that runs to give way, as its server would. */
function* kick(env: Env, record: Addr, tid: number): Coroutine<void> {
  const word = yield* env.memory.load32(stateOf(record));
  if ((word & (UMCG_TF_STATE_MASK | UMCG_TF_LOCKED)) !== UMCG_TASK_RUNNING) return;
  if ((yield* env.memory.cmpxchg32(stateOf(record), word, word | UMCG_TF_PREEMPTED)) === 0)
    yield* env.umcg.kick(0, tid);
}

/**
 * Signals and kicks for all who have said who they are, from each CPU; then says that it is over, so that nobody has the number of
 * one that is to get some.
 */
function startSignals({ machine, rounds }: Storm, targets: Targets, cpu: number): void {
  const { at, over } = targets;
  machine.spawn(
    function* (env) {
      for (let round = 0; round < fewer(rounds); round++) {
        for (let n = 0; n < targets.count; n++) {
          const tid = yield* env.memory.load32(offsetBy(at, 8 * n));
          if (tid === 0) continue;
          if ((n + round) % 2 === 0) yield* env.sys.kill(tid, SIGUSR1);
          else yield* kick(env, addr(yield* env.memory.load32(offsetBy(at, 8 * n + 4))), tid);
        }
        yield* env.sys.nanosleep(50 * US);
      }
      yield* add(env, over);
      yield* env.sys.futexWake(over, targets.count);
    },
    { affinity: [cpu] },
  );
}

/** Who gets signals: number and record of each; and how many CPUs send none any more. */
interface Targets {
  readonly at: Addr;
  readonly over: Addr;
  count: number;
}

/** Starts a worker that says who it is, and stays until nobody wants it any more. */
function startTarget(
  runtime: Runtime,
  vcpus: number,
  targets: Targets,
  body: (worker: Worker) => Coroutine<void>,
): void {
  const at = offsetBy(targets.at, 8 * targets.count++);
  const { over } = targets;
  runtime.spawn(function* (worker) {
    const { memory, sys } = worker;
    yield* sys.sigaction(SIGUSR1, function* (): Coroutine<void> {});
    yield* memory.store32(offsetBy(at, 4), worker.record);
    yield* memory.store32(at, worker.tid);
    yield* body(worker);
    for (let ended = 0; ended < vcpus; ended = yield* memory.load32(over)) yield* sys.futexWait(over, ended);
  });
}

export function setUpUmcgStorm(machine: SetUp): void {
  const { rounds, runtime: options } = machine.args as UmcgStormArgs;
  const { vcpus } = machine.kernel.config;
  // First, where the test finds it.
  const results = machine.allocate(64);
  const targets: Targets = { at: machine.allocate(512), over: machine.allocate(64), count: 0 };
  const runtime = createRuntime(machine, options);
  const storm: Storm = {
    machine,
    runtime,
    rounds,
    word: (index) => offsetBy(results, 4 * index),
    target: (body) => startTarget(runtime, vcpus, targets, body),
  };
  const lock = machine.allocate(64);
  const pipes = Array.from({ length: 2 * vcpus }, () => setUpPipe(machine));
  const silent = setUpPipe(machine);
  for (let cpu = 0; cpu < vcpus; cpu++) {
    for (let n = 0; n < 2; n++) startCounter(storm, lock);
    startStation(storm, pipes[2 * cpu]!, pipes[2 * cpu + 1]! + 1, true);
    startStation(storm, pipes[2 * cpu + 1]!, pipes[2 * cpu]! + 1, false);
    startPair(storm);
    startSleeper(storm);
    startSpinner(storm);
    startParent(storm);
    startVictims(storm, cpu, [silent]);
    startCancelled(storm);
    startRegistrar(storm, cpu);
  }
  for (let cpu = 0; cpu < vcpus; cpu++) startSignals(storm, targets, cpu);
}
