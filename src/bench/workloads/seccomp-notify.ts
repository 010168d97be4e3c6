/**
 * `perf bench sched seccomp-notify`: a task whose gettid() is trapped, and a listener that answers for the kernel. A loop is
 * a trapped call, a round trip: the target wakes the listener and sleeps, the listener takes the call, answers, and waits
 * for the next. On one CPU it costs exactly
 *
 *     entry + wake + block + switch + exit  +  entry + wake + exit + entry + block + switch + exit
 *
 * In sync mode both wake-ups are WF_CURRENT_CPU: the pair stays on one CPU whatever the others do. Else the wakee goes to an
 * idle CPU if there is one, and a round trip is short or long as the other CPUs are busy or not. A background task makes
 * them so by turns: pinned to the last CPU, it computes for a share of each period and sleeps for the rest.
 */
import type { Addr } from "../../atomics/address.ts";
import type { Coroutine } from "../../atomics/step.ts";
import { NR_GETTID, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP } from "../../kernel-sim/constants.ts";
import type { Tid } from "../../kernel-sim/ids.ts";
import { Histogram } from "../../trace/histogram.ts";
import type { Env } from "../../umcg/env.ts";
import { expectResult, type Rounds, SETTLE_NS, type Stage, type Workload } from "../workload.ts";

export interface SeccompNotifyOptions {
  readonly sync: boolean;
  /** Share of its time that the background task computes, 0 to 1; 0: there is none. */
  readonly background: number;
}

export interface SeccompNotify extends Workload {
  /** Measured round trips, ns. */
  readonly roundTrips: Histogram;
}

/** Some slices long: who was caught behind the background is through before it sleeps. */
const PERIOD_NS = 20_000_000;

/**
 * They compute at the same time. Linux weighs CPUs by load averages, in which a task of the pair, asleep half of the time,
 * counts half of one that computes; here weights are those of the moment, and two tasks stand in that proportion.
 */
const BACKGROUND_TASKS = 2;

/** What the listener answers. */
const ANSWER = 4711;

export function seccompNotify(options: SeccompNotifyOptions): SeccompNotify {
  const roundTrips = new Histogram();
  return {
    name: "seccomp-notify",
    summary: "a trapped system call and the listener that answers it",
    loop: "a trapped call (an op of perf bench), two hand-offs",
    handOffsPerLoop: 2,
    roundTrips,
    start: (machine, rounds) => start(machine, rounds, options, roundTrips),
  };
}

function start(
  machine: Stage,
  rounds: Rounds,
  { sync, background }: SeccompNotifyOptions,
  roundTrips: Histogram,
): ReadonlySet<Tid> {
  const measured = new Set<Tid>();
  // The listener's descriptor, which the target publishes; and whether the listener has answered all.
  const fdAt = machine.allocate(4);
  const done = machine.allocate(4);
  const listener = machine.spawn(
    function* (env) {
      // The filter is the target's own; it hands its listener over and goes on when that is in its first receive.
      const tid = yield* env.spawn(
        function* (own) {
          const fd = yield* own.sys.seccompNotify(NR_GETTID);
          if (fd < 0) expectResult("seccomp", fd, 0);
          yield* own.memory.store32(fdAt, fd);
          yield* call(own, fd, rounds, sync, roundTrips);
        },
        { name: "target" },
      );
      measured.add(tid);
      while ((yield* env.memory.load32(fdAt)) === 0) yield* env.sys.nanosleep(SETTLE_NS);
      yield* listen(env, yield* env.memory.load32(fdAt), rounds.total);
      yield* env.memory.store32(done, 1);
      expectResult("join", yield* env.sys.join(tid), 0);
    },
    { name: "listener" },
  );
  measured.add(listener);
  if (background > 0) {
    const cpu = machine.kernel.config.vcpus - 1;
    for (let task = 0; task < BACKGROUND_TASKS; task++) {
      machine.spawn((env) => burn(env, background, done), { name: `background-${task}`, affinity: [cpu] });
    }
  }
  return measured;
}

function* call(env: Env, fd: number, rounds: Rounds, sync: boolean, roundTrips: Histogram): Coroutine<void> {
  const flags = sync ? SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP : 0;
  expectResult("ioctl(set flags)", yield* env.sys.notifySetFlags(fd, flags), 0);
  // By then the listener waits.
  expectResult("nanosleep", yield* env.sys.nanosleep(100 * SETTLE_NS), 0);
  for (let round = 0; round < rounds.total; round++) {
    rounds.onRound(round);
    const began = env.now();
    expectResult("gettid", yield* env.sys.gettid(), ANSWER);
    if (round >= (rounds.warmUp ?? 0)) roundTrips.record(Math.round(env.now() - began));
  }
  rounds.onRound(rounds.total);
}

function* listen(env: Env, fd: number, calls: number): Coroutine<void> {
  for (let left = calls; left > 0; left--) {
    const id = yield* env.sys.notifyReceive(fd);
    if (id < 0) expectResult("ioctl(receive)", id, 0);
    expectResult("ioctl(send)", yield* env.sys.notifySend(fd, id, ANSWER), 0);
  }
}

function* burn(env: Env, share: number, done: Addr): Coroutine<void> {
  while ((yield* env.memory.load32(done)) === 0) {
    yield* env.work(Math.round((share * PERIOD_NS) / BACKGROUND_TASKS));
    if (share < 1) expectResult("nanosleep", yield* env.sys.nanosleep((1 - share) * PERIOD_NS), 0);
  }
}
