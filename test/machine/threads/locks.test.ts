/**
 * The kernel on several CPUs at once: nothing is lost and nothing counted twice, CPUs do execute it at once, and they keep to
 * the order of locks. `STORM_ROUNDS` makes it a campaign (`npm run storms`), and `STORM_DISTURB` says
 * how much CPUs are held up in it.
 */
import { describe, expect, test } from "vitest";
import { createThreadMachine, type ThreadMachineConfig } from "../../../src/machine/threads/index.ts";
import { TRACE_SCHED_SWITCH, TRACE_SCHED_WAKEUP, TRACE_SCHED_WAKING } from "../../../src/trace/events.ts";
import type { RuntimeOptions } from "../../../src/worker/index.ts";
import { fileStormExpected } from "../../support/file-storm.ts";
import { stormExpected } from "../../support/thread-storm.ts";
import { umcgStormExpected } from "../../support/umcg-storm.ts";

const image = new URL("../../support/thread-storm.ts", import.meta.url);
const files = new URL("../../support/file-storm.ts", import.meta.url);
const workers = new URL("../../support/umcg-storm.ts", import.meta.url);
const rounds = Number(process.env["STORM_ROUNDS"] ?? 60);
/** Campaigns hold CPUs up where others can come between: what takes a storm hours to meet comes in seconds. */
const disturb = Number(process.env["STORM_DISTURB"] ?? (rounds > 60 ? 0.003 : 0));
/** A watchdog. */
const timeoutMs = 60_000 + 100 * rounds;

function create(entry: string, config: Partial<ThreadMachineConfig>) {
  const size = { maxTasks: 64, userBytes: 1 << 16, traceEvents: 1 << 17, loadTimeoutMs: 45_000, disturb };
  return createThreadMachine({ vcpus: 2, ...size, image, entry, args: { rounds }, ...config });
}

describe("a storm on two CPUs", () => {
  test.each<Partial<ThreadMachineConfig>>([
    { checkLocks: true, trace: rounds <= 100 },
    { vcpus: 3, fair: "virtual-time", spin: true },
  ])(
    "loses and repeats nothing, %o",
    async (config) => {
      await using machine = await create("setUpStorm", config);
      const { vcpus } = machine.kernel.config;
      const { locks, sections } = await machine.run({ timeoutMs });
      const first = machine.kernel.userBase >> 2;
      expect([...machine.words.subarray(first, first + 4)]).toEqual(stormExpected(vcpus, rounds));
      expect(sections).toBe(locks.alone.acquired + locks.shared.acquired);
      for (const { acquired, heldNs } of [locks.alone, locks.shared, locks.buckets, locks.queues]) {
        expect(acquired).toBeGreaterThan(rounds);
        expect(heldNs).toBeGreaterThan(0);
      }
      if (config.trace !== true) return;
      await machine.halt();
      inAnOrder(machine.trace, vcpus);
    },
    timeoutMs + 10_000,
  );
});

describe("a storm on pipes, eventfds and epolls", () => {
  test.each<Partial<ThreadMachineConfig>>([
    { checkLocks: true, trace: rounds <= 100 },
    { vcpus: 3, spin: true },
  ])(
    "loses and repeats nothing, %o",
    async (config) => {
      await using machine = await create("setUpFileStorm", { image: files, pipeBytes: 64, ...config });
      const { vcpus } = machine.kernel.config;
      const { locks } = await machine.run({ timeoutMs });
      const first = machine.kernel.userBase >> 2;
      const expected = fileStormExpected(vcpus, rounds);
      expect([...machine.words.subarray(first, first + expected.length)]).toEqual(expected);
      for (const { acquired } of [locks.epolls, locks.files]) expect(acquired).toBeGreaterThan(rounds);
      if (config.trace !== true) return;
      await machine.halt();
      inAnOrder(machine.trace, vcpus);
    },
    timeoutMs + 10_000,
  );
});

describe("a storm of workers and servers", () => {
  const few = Math.ceil(rounds / 3);
  const configs: (Partial<ThreadMachineConfig> & { readonly runtime: RuntimeOptions })[] = [
    { checkLocks: true, trace: rounds <= 100, runtime: { policy: "work-stealing" } },
    { vcpus: 3, spin: true, runtime: {} },
    { vcpus: 4, fair: "virtual-time", runtime: { policy: "fifo", servers: 6 } },
    // Servers of real-time tasks: such a machine is always alone.
    { runtime: { preemptNs: 2_000_000 } },
  ];
  test.each(rounds > 60 ? configs : configs.slice(0, 1))(
    "loses and repeats nothing, %o",
    async ({ runtime, ...config }) => {
      const size = { maxTasks: 128, userBytes: 1 << 18, image: workers, args: { rounds: few, runtime } };
      await using machine = await create("setUpUmcgStorm", { ...size, ...config });
      const { vcpus } = machine.kernel.config;
      await machine.run({ timeoutMs });
      const first = machine.kernel.userBase >> 2;
      const expected = umcgStormExpected(vcpus, few);
      expect([...machine.words.subarray(first, first + expected.length)]).toEqual(expected);
      if (config.trace !== true) return;
      await machine.halt();
      inAnOrder(machine.trace, vcpus);
    },
    timeoutMs + 10_000,
  );
});

test("two CPUs are in the kernel at once: none leaves it before both are there", async () => {
  await using machine = await create("setUpMeeting", { checkLocks: true });
  const { locks } = await machine.run({ timeoutMs });
  expect(machine.words[machine.kernel.userBase >> 2]).toBe(2);
  expect(locks.overlaps).toBeGreaterThan(0);
});

test("a lock out of order is a bug of the kernel, and is named", async () => {
  await using machine = await create("setUpWrongOrder", { vcpus: 1, checkLocks: true });
  await expect(machine.run({ timeoutMs })).rejects.toMatchObject({
    code: "ERR_LOCK_ORDER",
    message: "kernel bug: CPU 0, villain (tid 1) takes bucket 5 while it holds the queue of CPU 0",
  });
});

interface Event {
  readonly kind: number;
  readonly cpu: number;
  readonly tid: number;
  readonly arg0: number;
}

/** The trace is an order in which one CPU after the other could have done it. */
function inAnOrder(trace: readonly Event[], vcpus: number): void {
  const current = new Array<number>(vcpus).fill(0);
  const woken = new Set<number>();
  const waking = new Set<number>();
  const wrong: string[] = [];
  for (const { kind, cpu, tid, arg0 } of trace) {
    if (kind === TRACE_SCHED_WAKING) waking.add(tid);
    if (kind === TRACE_SCHED_WAKEUP) {
      woken.add(tid);
      waking.delete(tid);
    }
    if (kind !== TRACE_SCHED_SWITCH) continue;
    if (arg0 !== current[cpu]) wrong.push(`CPU ${cpu} leaves ${arg0}, but ran ${current[cpu]}`);
    if (tid !== 0 && current.includes(tid)) wrong.push(`task ${tid} comes to CPU ${cpu} and is on another`);
    if (tid !== 0 && (!woken.has(tid) || waking.has(tid))) wrong.push(`task ${tid} runs before it is queued`);
    current[cpu] = tid;
  }
  expect(wrong).toEqual([]);
}
