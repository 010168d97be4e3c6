/** The identities of the wake path, over random machines and random background load. */
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import type { Addr } from "../../src/atomics/address.ts";
import { NR_FUTEX, WAIT_FUTEX } from "../../src/kernel-sim/constants.ts";
import type { Tid } from "../../src/kernel-sim/ids.ts";
import type { Machine, MachineConfig } from "../../src/machine.ts";
import {
  TRACE_IDLE_EXIT,
  TRACE_IPI_RECEIVE,
  TRACE_IPI_SEND,
  TRACE_SCHED_SWITCH,
  TRACE_SCHED_WAKEUP,
  TRACE_SCHED_WAKING,
  TRACE_SYS_ENTER,
  TRACE_SYS_EXIT,
  TRACE_WAKEUP_DIRECT,
  TRACE_WAKEUP_LIST,
  TRACE_WAKEUP_QUEUED,
  type TraceEvent,
} from "../../src/trace/events.ts";
import { type Booted, boot } from "../../test/support/boot.ts";
import { cpuOf, idleCpus, sharesLlc } from "../../test/support/inspect.ts";
import { runOut, spawnPlan } from "../../test/support/random-program.ts";
import { watcher } from "../../test/support/trace-log.ts";
import { anyMachine, nanoseconds, plainMachine, quietPlan } from "./arbitraries.ts";

const T = 5_000_000;
const SETTLED = 500_000;

/** A task that computes and sleeps in turns, on one CPU (modulo the machine's). */
interface Load {
  readonly cpu: number;
  readonly workNs: number;
  /** 0 = it never sleeps. */
  readonly sleepNs: number;
}

const loads: fc.Arbitrary<Load[]> = fc.array(
  fc.record({
    cpu: fc.nat(15),
    workNs: nanoseconds.map((ns) => ns + 1000),
    sleepNs: fc.oneof(fc.constant(0), nanoseconds),
  }),
  { maxLength: 20 },
);

interface Scene {
  readonly config: MachineConfig;
  readonly loads: readonly Load[];
  readonly waker: number;
  /** CPUs of the sleeper, modulo the machine's; empty = all. */
  readonly affinity: readonly number[];
}

const scene: fc.Arbitrary<Scene> = fc.record({
  config: anyMachine,
  loads,
  waker: fc.nat(15),
  affinity: fc.oneof(fc.constant([]), fc.array(fc.nat(15), { minLength: 1, maxLength: 4 })),
});

function addLoads(
  machine: Machine,
  vcpus: number,
  list: readonly Load[],
  busyCpus: (cpu: number) => boolean,
): void {
  for (const { cpu, workNs, sleepNs } of list) {
    if (!busyCpus(cpu % vcpus)) continue;
    machine.spawn(
      function* (env) {
        // The sleeper and the waker come first.
        yield* env.sys.nanosleep(SETTLED);
        while (env.now() < 2 * T) {
          yield* env.work(workNs);
          if (sleepNs > 0) yield* env.sys.nanosleep(sleepNs);
        }
      },
      { affinity: [cpu % vcpus] },
    );
  }
}

interface Wake extends Booted {
  readonly vcpus: number;
  readonly waker: number;
  readonly allowed: readonly number[];
  /** CPU the sleeper slept on, and CPU it ran on when it was awake again. */
  readonly sleptOn: number;
  readonly ranOn: number;
  /** Idle CPUs the sleeper may use, at the moment of the wake-up. */
  readonly idle: readonly number[];
  readonly waking: TraceEvent;
  readonly wakeup: TraceEvent;
  /** Events of the waker's CPU from the wake-up to the end of the system call. */
  readonly during: readonly TraceEvent[];
  readonly coalesced: number;
}

/** A futex waiter that has slept for long is woken at about T, among the load. */
function wakeOne({ config, loads: list, waker, affinity }: Scene, wake: MachineConfig["wake"]): Wake {
  const vcpus = config.vcpus!;
  const { machine, log } = boot({ ...config, wake: wake!, traceEvents: 1 });
  const word = machine.allocate(4);
  const allowed =
    affinity.length === 0
      ? Array.from({ length: vcpus }, (_, cpu) => cpu)
      : affinity.map((cpu) => cpu % vcpus);
  let ranOn = -1;
  const sleeper: Tid = machine.spawn(
    function* (env) {
      yield* env.sys.futexWait(word, 0);
      ranOn = env.cpu();
    },
    { affinity: allowed },
  );
  let idle: number[] = [];
  let [before, after] = [0, 0];
  machine.trace.addSink(
    watcher(({ kind, tid }) => {
      if (kind === TRACE_SCHED_WAKING && tid === sleeper)
        idle = idleCpus(machine).filter((cpu) => allowed.includes(cpu));
    }),
  );
  const wakerTid = machine.spawn(
    function* (env) {
      yield* env.sys.nanosleep(SETTLED / 2);
      yield* env.work(T - env.now());
      before = machine.result().ipisCoalesced;
      expect(yield* env.sys.futexWake(word)).toBe(1);
      after = machine.result().ipisCoalesced;
      yield* env.work(T);
    },
    { affinity: [waker % vcpus], nice: -20 },
  );
  addLoads(machine, vcpus, list, () => true);
  machine.run();
  const waking = log.single({ kind: TRACE_SCHED_WAKING, tid: sleeper });
  const wakeup = log.all({ kind: TRACE_SCHED_WAKEUP, tid: sleeper }).at(-1)!;
  const sleptOn = log.all({ kind: TRACE_SCHED_SWITCH, arg0: sleeper, arg1: WAIT_FUTEX })[0]!.cpu;
  const exit = log.single({ kind: TRACE_SYS_EXIT, tid: wakerTid, arg0: NR_FUTEX });
  expect(log.single({ kind: TRACE_SYS_ENTER, tid: wakerTid, arg0: NR_FUTEX }).cpu).toBe(waker % vcpus);
  const during = log.between(waking, exit).filter(({ cpu }) => cpu === waker % vcpus);
  return {
    machine,
    log,
    vcpus,
    waker: waker % vcpus,
    allowed,
    sleptOn,
    ranOn,
    idle,
    waking,
    wakeup,
    during,
    coalesced: after - before,
  };
}

/**
 * A task that slept ahead of its share stays queued under EEVDF, delayed: it wakes where it slept, with no choice made
 * and nobody waked from idle. True if this was one, which the plain rules do not know.
 */
function wasDelayed({ log, sleptOn, ranOn, waking, wakeup }: Wake, { fair }: MachineConfig): boolean {
  if (wakeup.arg0 !== TRACE_WAKEUP_QUEUED) return false;
  expect(fair).not.toBe("virtual-time");
  expect([wakeup.cpu, ranOn]).toEqual([sleptOn, sleptOn]);
  expect(log.between(waking, wakeup)).toEqual([]);
  return true;
}

describe("a WF_CURRENT_CPU wake-up of a task that sleeps", () => {
  test.prop([scene])("puts it on the waker's CPU if it may run there, else on one it may use", (scenery) => {
    const wake = wakeOne(scenery, { futex: "current-cpu" });
    const { log, allowed, waker, ranOn, waking, wakeup, during, coalesced } = wake;
    expect(allowed).toContain(ranOn);
    expect(wakeup.cpu).toBe(ranOn);
    if (wasDelayed(wake, scenery.config) || !allowed.includes(waker)) return;
    expect(ranOn).toBe(waker);
    expect(wakeup).toMatchObject({ arg0: TRACE_WAKEUP_DIRECT, arg1: waker });
    // No IPI, none saved either, and no CPU leaves idle for it.
    expect(during.filter(({ kind }) => kind === TRACE_IPI_SEND)).toEqual([]);
    expect(coalesced).toBe(0);
    expect(log.between(waking, wakeup).filter(({ kind }) => kind === TRACE_IDLE_EXIT)).toEqual([]);
  });
});

describe("a plain futex wake-up of a task that sleeps", () => {
  test.prop([scene, fc.constantFrom("any" as const, "sync" as const)])(
    "leaves the waker's CPU for an idle one of its LLC whenever there is one, even with WF_SYNC",
    (scenery, futex) => {
      const wake = wakeOne(scenery, { futex });
      const { machine, allowed, waker, ranOn, wakeup, during } = wake;
      // In the LLC where it ends up: there no idle CPU is left for a busy one, whether the waker's or another.
      const idle = wake.idle.filter((cpu) => sharesLlc(machine, cpu, ranOn));
      expect(allowed).toContain(ranOn);
      expect(wakeup.cpu).toBe(ranOn);
      expect(idle).not.toContain(waker);
      if (wasDelayed(wake, scenery.config)) return;
      if (idle.length > 0) expect(idle).toContain(ranOn);
      if (idle.length > 0 || !sharesLlc(machine, waker, ranOn)) {
        expect(wakeup.arg0).toBe(TRACE_WAKEUP_LIST);
      } else {
        expect(wakeup.arg0).toBe(TRACE_WAKEUP_DIRECT);
        // By the plain rules nobody who runs is disturbed.
        const sent = during.filter(({ kind }) => kind === TRACE_IPI_SEND).length;
        expect(sent).toBeLessThanOrEqual(scenery.config.fair === "virtual-time" ? 0 : 1);
      }
    },
  );
});

describe("wake-ups of many tasks on one idle CPU", () => {
  const crowd = fc.record({
    vcpus: fc.integer({ min: 2, max: 16 }),
    count: fc.integer({ min: 1, max: 12 }),
    target: fc.nat(15),
    loads,
    wake: fc.constantFrom("any" as const, "sync" as const),
  });

  /** `count` sleepers on CPU `target`, which is otherwise idle, woken by one call on another CPU. */
  function wakeCrowd(
    config: MachineConfig,
    count: number,
    target: number,
    list: readonly Load[],
  ): Booted & { tids: Tid[] } {
    const vcpus = config.vcpus!;
    const { machine, log } = boot(config);
    const word: Addr = machine.allocate(4);
    const tids = Array.from({ length: count }, () =>
      machine.spawn((env) => env.sys.futexWait(word, 0), { affinity: [target] }),
    );
    machine.spawn(
      function* (env) {
        yield* env.sys.nanosleep(SETTLED / 2);
        yield* env.work(T - env.now());
        expect(yield* env.sys.futexWake(word, count)).toBe(count);
      },
      { affinity: [(target + 1) % vcpus], nice: -20 },
    );
    addLoads(machine, vcpus, list, (cpu) => cpu !== target);
    machine.run();
    return { machine, log, tids };
  }

  test.prop([crowd])(
    "take one IPI when it is halted, if they come before it answers",
    ({ vcpus, count, target, loads: list, wake }) => {
      const cpu = target % vcpus;
      const { machine, log, tids } = wakeCrowd({ vcpus, wake, idle: "c6" }, count, cpu, list);
      const began = log.all({ kind: TRACE_SCHED_WAKING, tid: tids[0]! })[0]!.timeNs;
      const sent = log.all({ kind: TRACE_IPI_SEND, arg0: cpu }).filter(({ timeNs }) => timeNs >= began);
      const received = log.all({ kind: TRACE_IPI_RECEIVE, cpu }).filter(({ timeNs }) => timeNs >= began);
      expect([sent.length, received.length]).toEqual([1, 1]);
      expect(cpuOf(machine, cpu).ipisCoalesced).toBe(count - 1);
      const how = tids.map((tid) => log.all({ kind: TRACE_SCHED_WAKEUP, tid }).at(-1)!);
      expect(how.map(({ arg0 }) => arg0)).toEqual(new Array(count).fill(TRACE_WAKEUP_LIST));
      // First woken, first queued.
      const order = how.map((event) => log.events.indexOf(event));
      expect(order).toEqual([...order].sort((a, b) => a - b));
    },
  );

  test.prop([crowd, fc.constantFrom("native" as const, "guest" as const)])(
    "take none when it polls",
    ({ vcpus, count, target, loads: list, wake }, profile) => {
      const { machine, log } = wakeCrowd({ vcpus, wake, profile, idle: "poll" }, count, target % vcpus, list);
      expect(log.count({ kind: TRACE_IPI_SEND })).toBe(0);
      expect(log.count({ kind: TRACE_IPI_RECEIVE })).toBe(0);
      expect(machine.result()).toMatchObject({ ipis: 0 });
    },
  );
});

describe("a machine of one LLC whose idle CPUs all poll", () => {
  test.prop([plainMachine, quietPlan])("sends no IPI for any wake-up of any program", (config, plan) => {
    const { machine, log } = boot({ ...config, idle: "poll", topology: {} });
    spawnPlan(machine, plan);
    runOut(machine);
    expect(log.count({ kind: TRACE_IPI_SEND })).toBe(0);
  });
});
