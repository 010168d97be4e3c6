/**
 * cyclictest: threads that sleep until a time and look how late they are when they run. The time is on the clock, not from
 * now on, so a latency holds all there is: interrupt, wake-up, scheduling, the way to user mode. Whoever is later than a
 * whole interval leaves out the times that are gone, as the original does.
 */
import type { Coroutine } from "../../atomics/step.ts";
import { TIMER_ABSTIME } from "../../kernel-sim/constants.ts";
import type { SchedPolicy } from "../../kernel-sim/sched-table.ts";
import type { Machine, MachineConfig } from "../../machine.ts";
import { Histogram } from "../../trace/histogram.ts";
import type { Env } from "../../umcg/env.ts";
import type { Scenario } from "../scenario.ts";
import { expectResult } from "../workload.ts";

export interface CyclictestOptions {
  readonly threads: number;
  /** Of the first thread; each further one's is longer by `distanceUs`. */
  readonly intervalUs: number;
  readonly distanceUs: number;
  /** Of each thread; 0: until the time is over. */
  readonly loops: number;
  /** 0: the fair class. */
  readonly priority: number;
  /** Each further thread has one less. */
  readonly spread: boolean;
  readonly policy: SchedPolicy;
  /** Thread i is pinned to the CPU at i % length; undefined: nobody is pinned. */
  readonly cpus: readonly number[] | undefined;
}

/** Of one thread. */
export interface CyclicThread {
  tid: number;
  readonly priority: number;
  readonly intervalUs: number;
  readonly latencies: Histogram;
  /** The last latency, ns. */
  act: number;
  /** Sums of whole us, of which the original's averages are made, and samples by whole us. */
  sumUs: number;
  readonly byUs: Map<number, number>;
  /** Cycles of each number of us, in which they fell: the histogram's overflows are named by cycle. */
  readonly cyclesAbove: number[];
}

export interface Cyclictest {
  readonly threads: readonly CyclicThread[];
}

/** What the machine needs for it. */
export function cyclictestMachine({ threads }: CyclictestOptions): MachineConfig {
  return { maxTasks: threads };
}

/** `overflowUs`: latencies from there on are noted by their cycle; 0: none. */
export function startCyclictest(
  machine: Machine,
  options: CyclictestOptions,
  overflowUs = 0,
): Scenario<Cyclictest> {
  const threads: CyclicThread[] = [];
  for (let at = 0; at < options.threads; at++) {
    const priority = options.priority === 0 ? 0 : options.priority - (options.spread ? at : 0);
    const policy = priority > 0 ? { policy: options.policy, rtPriority: priority } : {};
    const pinned = options.cpus === undefined ? {} : { affinity: [options.cpus[at % options.cpus.length]!] };
    const thread: CyclicThread = {
      tid: 0,
      priority,
      intervalUs: options.intervalUs + at * options.distanceUs,
      latencies: new Histogram(),
      act: 0,
      sumUs: 0,
      byUs: new Map(),
      cyclesAbove: [],
    };
    const body = (env: Env): Coroutine<void> => cycle(env, thread, options.loops, overflowUs);
    thread.tid = machine.spawn(body, { ...policy, ...pinned, name: `cyclic-${at}` });
    threads.push(thread);
  }
  return {
    get progress() {
      const least = Math.min(...threads.map(({ latencies }) => latencies.count));
      return options.loops === 0 ? 0 : least / options.loops;
    },
    result: () => (threads.some(({ latencies }) => latencies.count > 0) ? { threads } : undefined),
  };
}

function* cycle(env: Env, thread: CyclicThread, loops: number, overflowUs: number): Coroutine<void> {
  const interval = 1000 * thread.intervalUs;
  let next = Math.round(env.now()) + interval;
  for (let done = 0; loops === 0 || done < loops; done++) {
    expectResult("clock_nanosleep", yield* env.sys.clockNanosleep(TIMER_ABSTIME, next), 0);
    const now = Math.round(env.now());
    const late = Math.max(0, now - next);
    const us = Math.floor(late / 1000);
    thread.latencies.record(late);
    thread.act = late;
    thread.sumUs += us;
    thread.byUs.set(us, (thread.byUs.get(us) ?? 0) + 1);
    if (overflowUs > 0 && us >= overflowUs) thread.cyclesAbove.push(done);
    next += interval;
    if (now > next) next += interval * Math.ceil((now - next) / interval);
  }
}
