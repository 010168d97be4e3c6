// The identities of the wake path, seen in the trace of the workloads' measured rounds.
import { describe, expect, test } from "vitest";
import { WORKLOADS } from "../../src/bench/registry.ts";
import { futexSwap } from "../../src/bench/workloads/futex-swap.ts";
import { pipe } from "../../src/bench/workloads/pipe.ts";
import { umcgSwap } from "../../src/bench/workloads/umcg-swap.ts";
import { WF_CURRENT_CPU, WF_SYNC } from "../../src/kernel-sim/constants.ts";
import type { MachineConfig } from "../../src/machine.ts";
import {
  TRACE_IDLE_EXIT,
  TRACE_IPI_SEND,
  TRACE_SCHED_WAKEUP,
  TRACE_SCHED_WAKING,
  TRACE_UMCG_DIE,
  type TraceEvent,
} from "../../src/trace/events.ts";
import { traceRounds } from "./fixture.ts";

const ROUNDS = 50;
const PROFILES = ["native", "guest"] as const;

function count(events: readonly TraceEvent[], kind: number): number {
  return events.filter((event) => event.kind === kind).length;
}

/** Waker's and wakee's CPU of every wake-up. */
function wakes(events: readonly TraceEvent[]): [number, number][] {
  const wakers = new Map<number, number>();
  const pairs: [number, number][] = [];
  for (const { kind, tid, cpu } of events) {
    if (kind === TRACE_SCHED_WAKING) wakers.set(tid, cpu);
    const waker = wakers.get(tid);
    if (kind === TRACE_SCHED_WAKEUP && waker !== undefined) pairs.push([waker, cpu]);
  }
  return pairs;
}

describe.each(PROFILES)("on 8 vCPUs, %s", (profile) => {
  const on = (config: MachineConfig): MachineConfig => ({ vcpus: 8, profile, ...config });

  test.each(WORKLOADS)(
    "$name, WF_CURRENT_CPU: no IPI, no idle exit, the wakee runs where the waker ran",
    (workload) => {
      const events = traceRounds(workload, on({ wake: "current-cpu" }), ROUNDS);
      expect(count(events, TRACE_IPI_SEND)).toBe(0);
      expect(count(events, TRACE_IDLE_EXIT)).toBe(0);
      const pairs = wakes(events);
      expect(pairs.length).toBeGreaterThanOrEqual(ROUNDS);
      expect(pairs.filter(([waker, wakee]) => waker !== wakee)).toEqual([]);
    },
  );

  test.each(["any", "sync"] as const)(
    "futex and pipe, %s: an idle sibling always takes the wakee",
    (wake) => {
      for (const workload of [futexSwap, pipe, umcgSwap]) {
        const pairs = wakes(traceRounds(workload, on({ wake }), ROUNDS));
        expect(pairs).toHaveLength(2 * ROUNDS);
        expect(pairs.filter(([waker, wakee]) => waker === wakee)).toEqual([]);
      }
    },
  );

  test.each([futexSwap, pipe, umcgSwap])(
    "$name to halted CPUs: one IPI and one idle exit a hand-off",
    (workload) => {
      const events = traceRounds(workload, on({ wake: "any" }), ROUNDS);
      expect(count(events, TRACE_IPI_SEND)).toBe(2 * ROUNDS);
      expect(count(events, TRACE_IDLE_EXIT)).toBe(2 * ROUNDS);
    },
  );

  test.each(WORKLOADS)("$name to polling CPUs: no IPI, whatever the wake mode", (workload) => {
    for (const wake of ["any", "sync"] as const) {
      const events = traceRounds(workload, on({ wake, idle: "poll" }), ROUNDS);
      expect(count(events, TRACE_IPI_SEND)).toBe(0);
      expect(count(events, TRACE_IDLE_EXIT)).toBeGreaterThanOrEqual(ROUNDS);
    }
  });
});

test.each([
  ["any", 0],
  ["sync", WF_SYNC],
  ["current-cpu", WF_CURRENT_CPU],
] as const)("wake %s is what every primitive passes", (wake, flags) => {
  for (const workload of WORKLOADS) {
    const waking = traceRounds(workload, { vcpus: 2, wake }).filter(
      ({ kind }) => kind === TRACE_SCHED_WAKING,
    );
    expect(new Set(waking.map(({ arg0 }) => arg0))).toEqual(new Set([flags]));
  }
});

test("one CPU leaves nothing to choose: the modes cost the same", () => {
  for (const workload of WORKLOADS) {
    const times = (["any", "sync", "current-cpu"] as const).map((wake) =>
      traceRounds(workload, { vcpus: 1, wake }).map(({ timeNs, kind, tid }) => [timeNs, kind, tid]),
    );
    expect(times[1]).toEqual(times[0]);
    expect(times[2]).toEqual(times[0]);
  }
});

test("no workload breaches the UMCG contract", () => {
  for (const vcpus of [1, 2, 3, 8]) {
    for (const wake of ["any", "sync", "current-cpu"] as const) {
      for (const workload of WORKLOADS) {
        expect(count(traceRounds(workload, { vcpus, wake, jitter: true }), TRACE_UMCG_DIE)).toBe(0);
      }
    }
  }
});
