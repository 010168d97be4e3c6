/** Which idle state a CPU is in under each governor, and what follows for whoever wakes it. */
import { describe, expect, test } from "vitest";
import { parseCostProfile } from "../../src/hosts/virtual/cost-profile.ts";
import { Arena } from "../../src/kernel-sim/arena.ts";
import { IDLE_UNDECIDED, IdleGovernor, type IdlePolicy } from "../../src/kernel-sim/idle-governor.ts";
import { createMachine, type Machine, type MachineConfig } from "../../src/machine.ts";
import { TRACE_IDLE_ENTER, TRACE_IDLE_EXIT, TRACE_IPI_SEND } from "../../src/trace/events.ts";
import { type Booted, boot, errorOf, priceOf } from "../support/boot.ts";
import { sleepNow, wakeAtOnce } from "../support/kernel-code.ts";

const T = 1_000_000;
const [POLL, C1, C1E, C6] = [0, 1, 2, 3];
const HLT = 1;

/** A task on CPU 1 that sleeps, and is woken by CPU 0 after `gaps`, each counted from when it sleeps again. */
function wakeAfter(gaps: readonly number[], config: MachineConfig): Booted & { readonly wakes: number[] } {
  const { machine, log } = boot({ vcpus: 2, tickHz: 0, ...config });
  const wakes: number[] = [];
  let asleepAt = 0;
  const sleeper = machine.spawn(
    function* (env) {
      for (let round = 0; round <= gaps.length; round++) {
        asleepAt = env.now() + priceOf(machine, "block");
        yield* sleepNow(machine, env.tid);
      }
    },
    { affinity: [1] },
  );
  machine.spawn(
    function* (env) {
      yield* env.work(10 * T);
      yield* wakeAtOnce(machine, sleeper, 0);
      for (const gap of gaps) {
        // Whoever has been woken is asleep again by then.
        yield* env.work(300_000);
        yield* env.work(Math.max(0, asleepAt + gap - env.now()));
        wakes.push(env.now());
        yield* wakeAtOnce(machine, sleeper, 0);
      }
    },
    { affinity: [0] },
  );
  machine.run();
  return { machine, log, wakes };
}

/** States that CPU 1 entered. */
function entered({ log }: Booted): number[] {
  return log.all({ kind: TRACE_IDLE_ENTER, cpu: 1 }).map(({ arg0 }) => arg0);
}

describe("a fixed state", () => {
  test("is entered always, and its time is accounted, entry by entry", () => {
    const { machine, log } = wakeAfter([T, 2 * T], { idle: "c1e" });
    expect(machine.idle).toBe("c1e");
    const enters = log.all({ kind: TRACE_IDLE_ENTER, cpu: 1 });
    const exits = log.all({ kind: TRACE_IDLE_EXIT, cpu: 1 });
    expect(new Set([...enters, ...exits].map(({ arg0 }) => arg0))).toEqual(new Set([C1E]));
    const ns = exits.reduce((sum, { timeNs }, index) => sum + timeNs - enters[index]!.timeNs, 0);
    expect(machine.idleTimes().filter(({ cpu }) => cpu === 1)).toEqual([
      { cpu: 1, state: "poll", count: 0, ns: 0 },
      { cpu: 1, state: "c1", count: 0, ns: 0 },
      { cpu: 1, state: "c1e", count: exits.length, ns },
      { cpu: 1, state: "c6", count: 0, ns: 0 },
    ]);
  });
});

describe("menu", () => {
  /** The first state that a CPU enters whose only task sleeps for so long. */
  const stateFor = (ns: number): number => {
    const { machine, log } = boot({ idle: "menu", tickHz: 0 });
    machine.spawn((env) => env.sys.nanosleep(ns));
    machine.run();
    return log.all({ kind: TRACE_IDLE_ENTER })[0]!.arg0;
  };

  test.each([
    [2_349, POLL],
    [2_350, C1],
    [20_349, C1],
    [20_350, C1E],
    [600_349, C1E],
    [600_350, C6],
    [T, C6],
  ])("takes the deepest state that the next timer is worth: %d ns", (ns, state) => {
    // Programming the device and the block take 350 of it.
    expect(stateFor(ns)).toBe(state);
  });

  test("with no timer goes by how long the CPU was idle of late", () => {
    const governor = new IdleGovernor(arena(), 1, policy("menu"));
    const stay = (ns: number): number => {
      const state = governor.enter(0, 0, Number.POSITIVE_INFINITY);
      governor.leave(0, ns);
      return state;
    };
    // Average: none; 5000; 5000 + 75000 / 8; then it comes down again by eighths.
    expect([5_000, 80_000, 5_000, 5_000, 5_000].map(stay)).toEqual([C6, C1, C1, C1, C1]);
    expect([1_000_000, 100].map(stay)).toEqual([C1, C1E]);
    expect(governor.enter(0, 0, 3_000)).toBe(C1);
    expect(governor.enter(0, 0, 300)).toBe(POLL);
  });

  test("a CPU it lets poll is told without an IPI, and needs no time to wake", () => {
    const run = wakeAfter([T, T], { idle: "menu" });
    // Woken from C6 after the first.
    expect(entered(run).slice(0, 1)).toEqual([C6]);
    const { machine, log } = boot({ vcpus: 2, idle: "menu", tickHz: 0 });
    machine.spawn((env) => env.sys.nanosleep(1_000), { affinity: [1] });
    machine.run();
    expect(log.all({ kind: TRACE_IDLE_EXIT, cpu: 1 })[0]).toMatchObject({ arg0: POLL, arg1: 0 });
  });
});

describe("haltpoll", () => {
  const governed = (): { stay: (ns: number) => number; limit: () => number } => {
    const governor = new IdleGovernor(arena(), 1, policy("haltpoll"));
    return {
      limit: () => governor.pollLimitNs(0),
      /** Idle for so long; returns the state at the end. */
      stay: (ns) => {
        governor.enter(0, 0, Number.POSITIVE_INFINITY);
        const until = governor.deepensAt(0);
        if (until < ns) governor.deepen(0, until);
        return governor.leave(0, ns);
      },
    };
  };

  test("halts at once to begin with; the limit begins at 50 us, doubles up to 200, and is halved", () => {
    const { stay, limit } = governed();
    const lasting = (ns: number): [number, number] => [stay(ns), limit()];
    expect(lasting(40_000)).toEqual([C1, 50_000]);
    // Woken while it polls: nothing changes.
    expect(lasting(50_000)).toEqual([POLL, 50_000]);
    // Halted for 50 us, which is not longer than the limit; then for one more.
    expect(lasting(100_000)).toEqual([C1, 50_000]);
    expect(lasting(100_001)).toEqual([C1, 100_000]);
    expect(lasting(100_000 + 150_000)).toEqual([C1, 200_000]);
    expect(lasting(200_000 + 200_000)).toEqual([C1, 200_000]);
    expect(lasting(200_000 + 200_001)).toEqual([C1, 100_000]);
    expect(lasting(100_000 + 200_000)).toEqual([C1, 200_000]);
    expect(lasting(T)).toEqual([C1, 100_000]);
    expect(lasting(T)).toEqual([C1, 50_000]);
    expect(lasting(T)).toEqual([C1, 0]);
    expect(lasting(200_001)).toEqual([C1, 0]);
  });

  test("polling and halted time are told apart in the trace and in the accounts", () => {
    const { machine, log } = boot({ vcpus: 1, profile: "guest", idle: "haltpoll", tickHz: 0 });
    machine.spawn(function* (env) {
      // The first halts for some 100 us; the second polls for 50 and halts for the rest; the third is woken polling.
      for (const ns of [100_000, 100_000, 30_000]) yield* env.sys.nanosleep(ns);
      // Runs when it would have stopped polling.
      yield* env.work(100_000);
    });
    machine.run();
    const events = log.events.filter(({ kind }) => kind === TRACE_IDLE_ENTER || kind === TRACE_IDLE_EXIT);
    const enters = (kind: number): string => (kind === TRACE_IDLE_ENTER ? "in" : "out");
    expect(events.map(({ kind, arg0 }) => `${enters(kind)} ${arg0}`)).toEqual([
      ...[`in ${HLT}`, `out ${HLT}`],
      ...[`in ${POLL}`, `out ${POLL}`, `in ${HLT}`, `out ${HLT}`],
      ...[`in ${POLL}`, `out ${POLL}`],
      // After its end.
      `in ${POLL}`,
      ...events.slice(9).map(({ kind, arg0 }) => `${enters(kind)} ${arg0}`),
    ]);
    expect(events[3]!.timeNs - events[2]!.timeNs).toBe(50_000);
    expect(events[4]!.timeNs).toBe(events[3]!.timeNs);
    const [poll, hlt] = machine.idleTimes();
    expect(poll).toMatchObject({ state: "poll", count: 2 });
    expect(poll!.ns).toBe(50_000 + events[7]!.timeNs - events[6]!.timeNs);
    expect(hlt!.ns).toBe(events[1]!.timeNs - events[0]!.timeNs + events[5]!.timeNs - events[4]!.timeNs);
  });

  test("a CPU that polls is told through its flag, one that has gone on to halt by an IPI", () => {
    const ipisFor = (gap: number): number => {
      // The first stay halts for 60 us, so that the second may poll for 50.
      const { machine, log } = boot({ vcpus: 2, profile: "guest", idle: "haltpoll", tickHz: 0 });
      const sleeper = machine.spawn(
        function* (env) {
          yield* sleepNow(machine, env.tid);
          yield* sleepNow(machine, env.tid);
        },
        { affinity: [1] },
      );
      let from = 0;
      machine.spawn(
        function* (env) {
          yield* env.work(60_000);
          yield* wakeAtOnce(machine, sleeper, 0);
          yield* env.work(40_000);
          from = env.now();
          yield* env.work(gap);
          yield* wakeAtOnce(machine, sleeper, 0);
        },
        { affinity: [0] },
      );
      machine.run();
      expect(machine.kernel.idle.count(1, HLT)).toBeGreaterThan(0);
      return log.all({ kind: TRACE_IPI_SEND, arg0: 1 }).filter(({ timeNs }) => timeNs >= from).length;
    };
    expect([0, 90_000].map(ipisFor)).toEqual([0, 1]);
  });

  test("needs a state that polls and one that does not", () => {
    const only = (polls: boolean): MachineConfig["profile"] =>
      parseCostProfile({ name: "one", idleStates: [{ name: "s", polls, exit: [{ fromNs: 0, ns: 1 }] }] });
    const message =
      "idle must be another than haltpoll, which needs a state that polls and one that does not, got haltpoll";
    for (const polls of [false, true])
      expect(errorOf(() => createMachine({ profile: only(polls)!, idle: "haltpoll" }))).toMatchObject({
        message,
      });
    // On a server it goes on to the state that is the profile's own.
    expect(createMachine({ idle: "haltpoll" }).kernel.config.idle.state).toBe(C1);
  });
});

describe("oracle", () => {
  test("is in the state that the stay was worth, as whoever wakes it finds", () => {
    const states = (gap: number): number[] => {
      const { log } = wakeAfter([gap], { idle: "oracle" });
      return log.all({ kind: TRACE_IDLE_EXIT, cpu: 1 }).map(({ arg0 }) => arg0);
    };
    const run = wakeAfter([T], { idle: "oracle" });
    expect(new Set(entered(run))).toEqual(new Set([IDLE_UNDECIDED]));
    expect(states(310_000)).toEqual([C6, C1E]);
    expect(states(700_000)).toEqual([C6, C6]);
  });

  test("one that is woken at once was polling: no IPI", () => {
    const governor = new IdleGovernor(arena(), 1, policy("oracle"));
    governor.enter(0, 100, Number.POSITIVE_INFINITY);
    expect([2_099, 2_100].map((now) => governor.polls(0, now))).toEqual([true, false]);
    expect([2_099, 2_100, 20_100, 600_100].map((now) => governor.stateOf(0, now))).toEqual([
      POLL,
      C1,
      C1E,
      C6,
    ]);
    expect(governor.leave(0, 30_100)).toBe(C1E);
    expect([governor.timeNs(0, C1E), governor.count(0, C1E)]).toEqual([30_000, 1]);
  });
});

function arena(): Arena {
  return new Arena(0, new ArrayBuffer(4096));
}

/** The native states under a governor. */
function policy(governor: IdlePolicy["governor"]): IdlePolicy {
  const { states } = (createMachine() as Machine).kernel.config.idle;
  return { states, governor, state: C1! };
}
