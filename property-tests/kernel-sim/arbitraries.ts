/** Random machines and random programs for them. */
import { fc } from "@fast-check/vitest";
import {
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EPOLLET,
  EPOLLIN,
  EPOLLONESHOT,
  EPOLLOUT,
  SIG_BLOCK,
  SIG_UNBLOCK,
} from "../../src/kernel-sim/constants.ts";
import { GLOBAL_POLICIES, QUEUE_POLICIES } from "../../src/kernel-sim/fair-class.ts";
import type { TopologyConfig } from "../../src/kernel-sim/topology.ts";
import type { MachineConfig } from "../../src/machine.ts";
import {
  type Action,
  COUNTERS,
  PAGES,
  PIPES,
  type TaskPlan,
  WORDS,
} from "../../test/support/random-program.ts";

/** Times from nothing to some ticks, with the short ones as likely as the long. */
export const nanoseconds: fc.Arbitrary<number> = fc.oneof(fc.nat(1_000), fc.nat(100_000), fc.nat(3_000_000));

export const niceness: fc.Arbitrary<number> = fc.integer({ min: -20, max: 19 });

const simple: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom("work", "sleep"), ns: nanoseconds }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("yield" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      word: fc.nat(WORDS - 1),
      timeoutNs: fc.option(nanoseconds, { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("sleepUntil" as const), ns: nanoseconds }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("requeue" as const),
      word: fc.nat(WORDS - 1),
      to: fc.nat(WORDS - 1),
      wake: fc.nat(2),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("wake" as const), word: fc.nat(WORDS - 1), count: fc.nat(4) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom("read", "write"),
      pipe: fc.nat(PIPES - 1),
      bytes: fc.nat(20),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("count" as const),
      counter: fc.nat(COUNTERS - 1),
      // Often enough that a reader is seldom left alone.
      add: fc.constantFrom(true, true, false),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("alarm" as const), ns: nanoseconds, periodNs: nanoseconds }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("watch" as const),
      file: fc.nat(9),
      op: fc.constantFrom(EPOLL_CTL_ADD, EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLL_CTL_DEL),
      events: fc.constantFrom(EPOLLIN, EPOLLOUT, EPOLLIN | EPOLLET, EPOLLIN | EPOLLONESHOT),
      timeoutNs: nanoseconds,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("touch", "pageOut"), page: fc.nat(PAGES - 1) }) },
);
const signal: fc.Arbitrary<Action> = fc.record({ do: fc.constant("signal" as const), task: fc.nat(20) });
const child: fc.Arbitrary<Action> = fc.record({
  do: fc.constant("child" as const),
  actions: fc.array(simple, { maxLength: 4 }),
  exec: fc.boolean(),
});
const trap: fc.Arbitrary<Action> = fc.record({ do: fc.constant("trap" as const) });
const mask: fc.Arbitrary<Action> = fc.record({
  do: fc.constant("mask" as const),
  how: fc.constantFrom(SIG_BLOCK, SIG_UNBLOCK),
});

function plans(action: fc.Arbitrary<Action>): fc.Arbitrary<TaskPlan[]> {
  const task: fc.Arbitrary<TaskPlan> = fc.record({
    actions: fc.array(action, { maxLength: 12, size: "max" }),
    nice: fc.oneof(fc.constant(0), niceness),
    affinity: fc.oneof(fc.constant([]), fc.array(fc.nat(15), { maxLength: 3 })),
  });
  return fc.array(task, { minLength: 1, maxLength: 8 });
}

const bind: fc.Arbitrary<Action> = fc.record({
  do: fc.constant("bind" as const),
  task: fc.nat(20),
  cpus: fc.array(fc.nat(15), { maxLength: 3 }),
});

const reschedule: fc.Arbitrary<Action> = fc.record({
  do: fc.constant("schedule" as const),
  task: fc.nat(20),
  attr: fc.oneof(
    fc.record({ policy: fc.constantFrom("normal", "batch", "idle"), nice: niceness }),
    fc.record({ policy: fc.constantFrom("fifo", "rr"), priority: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ runtimeNs: fc.constantFrom(0, 1, 300_000, 1e9) }),
  ),
});

/** Programs that do everything a plan can. */
export const anyPlan: fc.Arbitrary<TaskPlan[]> = plans(
  fc.oneof(
    { weight: 12, arbitrary: simple },
    { weight: 1, arbitrary: signal },
    { weight: 2, arbitrary: bind },
    { weight: 2, arbitrary: reschedule },
    { weight: 1, arbitrary: child },
    { weight: 1, arbitrary: trap },
    { weight: 1, arbitrary: mask },
  ),
);

/** Programs whose tasks stay where they are allowed from the beginning. */
export const unboundPlan: fc.Arbitrary<TaskPlan[]> = plans(
  fc.oneof(
    { weight: 12, arbitrary: simple },
    { weight: 1, arbitrary: signal },
    { weight: 1, arbitrary: child },
    { weight: 1, arbitrary: trap },
    { weight: 1, arbitrary: mask },
  ),
);

/** Programs without signals: nobody has to be interrupted. */
export const quietPlan: fc.Arbitrary<TaskPlan[]> = plans(simple);

const hardware: fc.Arbitrary<Pick<MachineConfig, "profile" | "idle">> = fc.constantFrom(
  { profile: "native", idle: "poll" },
  { profile: "native", idle: "c1" },
  { profile: "native", idle: "c6" },
  { profile: "guest", idle: "poll" },
  { profile: "guest", idle: "hlt" },
  { profile: "native", idle: "menu" },
  { profile: "guest", idle: "haltpoll" },
  { profile: "native", idle: "oracle" },
);

/** One LLC as often as several, with and without SMT. */
const topology: fc.Arbitrary<TopologyConfig> = fc.oneof(
  fc.constant({}),
  fc.record({
    smt: fc.integer({ min: 1, max: 3 }),
    coresPerLlc: fc.integer({ min: 1, max: 5 }),
    llcsPerSocket: fc.integer({ min: 1, max: 3 }),
  }),
);

export const vcpus: fc.Arbitrary<number> = fc.integer({ min: 1, max: 16 });

/** Machines with a queue for each CPU, small but otherwise of all kinds, without jitter. */
export const anyMachine: fc.Arbitrary<MachineConfig> = fc
  .record({
    vcpus,
    hardware,
    topology,
    migrationBytes: fc.constantFrom(0, 0, 30_000),
    fair: fc.constantFrom(...QUEUE_POLICIES),
    tickHz: fc.constantFrom(0, 250, 1000),
    sliceNs: fc.constantFrom(1, 700_000, 2_800_000),
    timerSlackNs: fc.constantFrom(0, 50_000),
    pipeBytes: fc.constantFrom(1, 7, 4096),
    wake: fc.constantFrom("any" as const, "sync" as const, "current-cpu" as const),
  })
  .map(({ hardware: kind, ...rest }) => ({ ...rest, ...kind, maxTasks: 256 }));

/** Machines with one queue for all CPUs, on any hardware and where everything is free. */
export const globalMachine: fc.Arbitrary<MachineConfig> = fc
  .tuple(
    anyMachine,
    fc.record({
      fair: fc.constantFrom(...GLOBAL_POLICIES),
      sliceNs: fc.constantFrom(20_000, 700_000),
    }),
    fc.boolean(),
  )
  .map(([config, rest, free]) => ({
    ...config,
    ...rest,
    ...(free && { profile: "ideal", idle: "poll" }),
  }));

export const everyMachine: fc.Arbitrary<MachineConfig> = fc.oneof(
  { weight: 3, arbitrary: anyMachine },
  { weight: 1, arbitrary: globalMachine },
);

/** As `anyMachine`, with the plain rules of the fair class: nobody is preempted for waking, nor asleep and queued. */
export const plainMachine: fc.Arbitrary<MachineConfig> = anyMachine.map((config) => ({
  ...config,
  fair: "virtual-time",
}));
