/**
 * Machines on real threads: the same kernel and programs, in real time. Every run has a timeout, and no Worker is left behind.
 * What each case finds out it has left in words (test/support/thread-programs.ts).
 */
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  createThreadMachine,
  type ThreadMachine,
  type ThreadMachineConfig,
} from "../../../src/machine/threads/index.ts";
import { TRACE_SCHED_SWITCH, TRACE_SCHED_WAKEUP } from "../../../src/trace/events.ts";
import type { RuntimeOptions } from "../../../src/worker/index.ts";
import { cases } from "../../support/thread-programs.ts";

const image = new URL("../../support/thread-programs.ts", import.meta.url);
/** A watchdog, for a machine that shares its cores. */
const timeoutMs = 120_000;

// Workers load sources: what they have been compiled to is kept for the next one.
process.env["NODE_COMPILE_CACHE"] ??= join(tmpdir(), "umcg-compiled");

function create(entry: string, config: Partial<ThreadMachineConfig> = {}): Promise<ThreadMachine> {
  return createThreadMachine({
    vcpus: 2,
    maxTasks: 64,
    userBytes: 1 << 16,
    // A CPU that does not load in time is left out.
    loadTimeoutMs: 100_000,
    image,
    entry,
    checkLocks: true,
    ...config,
  });
}

describe("the calls of the kernel, on two CPUs", () => {
  let words: number[][] = [];
  let machine: ThreadMachine;

  beforeAll(async () => {
    machine = await create("setUpCases", { trace: true, onMessage: () => machine.raise(0) });
    await machine.run({ timeoutMs });
    const first = machine.kernel.userBase >> 2;
    words = Object.keys(cases).map((_, index) => [
      ...machine.words.subarray(first + 16 * index, first + 16 * (index + 1)),
    ]);
  });
  afterAll(async () => {
    await machine[Symbol.asyncDispose]();
    expect(machine.workers).toBe(0);
  });

  test.each(Object.entries(cases))("%s", (name, { expected }) => {
    const index = Object.keys(cases).indexOf(name);
    expect(words[index]!.slice(0, expected.length)).toEqual(expected);
  });

  test("were made on both", () => {
    const switches = [0, 1].map((cpu) => machine.kernel.cpus.switches(cpu));
    expect(Math.min(...switches)).toBeGreaterThan(10);
    expect(machine.kernel.live).toBe(0);
  });

  test("leave a trace in one order: a task is on one CPU at a time, and comes there by a wake-up", async () => {
    await machine.halt();
    const current = [0, 0];
    const queued = new Set<number>();
    let switches = 0;
    for (const { kind, cpu, tid, arg0 } of machine.trace) {
      if (kind === TRACE_SCHED_WAKEUP) queued.add(tid);
      if (kind !== TRACE_SCHED_SWITCH) continue;
      switches++;
      expect(arg0).toBe(current[cpu]);
      expect(tid === 0 || queued.has(tid)).toBe(true);
      current[cpu] = tid;
      expect(tid === 0 || current[1 - cpu] !== tid).toBe(true);
    }
    const counted = machine.kernel.cpus.switches(0) + machine.kernel.cpus.switches(1);
    expect([switches, switches > 200]).toEqual([counted, true]);
  });
});

describe("main completes", () => {
  test("what programs ask it for, on the CPU that asked", async () => {
    await using machine: ThreadMachine = await create("setUpReaders", {
      onMessage: (value, cpu) => {
        const asked = value as { readonly into: number; readonly fd: number; readonly cpu: number };
        expect(asked.cpu).toBe(cpu);
        void readFile(new URL("../../../package.json", import.meta.url)).then((bytes) => {
          // Behind the 8 bytes that the program reads from its eventfd.
          new Uint8Array(machine.kernel.buffer, asked.into + 8, 4).set(bytes.subarray(0, 4));
          machine.complete(asked.fd, cpu);
        });
      },
    });
    await machine.run({ timeoutMs });
    const first = machine.kernel.userBase >> 2;
    const text = Buffer.from("{\n  ").readInt32LE();
    expect([...machine.words.subarray(first, first + 4)]).toEqual([8, text, 8, text]);
  });

  test("nothing when set-up code accepts nothing", async () => {
    await using machine = await create("setUpNothing", { vcpus: 1 });
    expect(() => machine.complete(3)).toThrow(expect.objectContaining({ code: "ERR_CONFIG" }));
  });
});

describe("the thread library on two CPUs", () => {
  const library = new URL("../../support/thread-library.ts", import.meta.url);

  test.each<RuntimeOptions>([{ policy: "go-like" }, { policy: "work-stealing", preemptNs: 2_000_000 }])(
    "has its workers on both, with %o",
    async (args) => {
      const said: unknown[] = [];
      await using machine = await create("setUpLibrary", {
        image: library,
        args,
        userBytes: 1 << 18,
        maxTasks: 128,
        onMessage: (value) => said.push(value),
      });
      await machine.run({ timeoutMs });
      await machine.halt();
      expect(said).toHaveLength(3);
      expect(Object.assign({}, ...said)).toEqual({
        sum: 8,
        count: 80,
        primes: 11,
        codes: ["ERR_WORKER_CANCELLED", "ERR_WORKER_FAILED"],
        object: true,
      });
    },
  );

  test("fails with what a worker threw that nobody joined", async () => {
    await using machine = await create("setUpUnseen", { image: library });
    await expect(machine.run({ timeoutMs })).rejects.toMatchObject({
      code: "ERR_PROGRAM_THREW",
      message: expect.stringContaining("unseen threw: "),
    });
  });
});

describe("a machine on threads ends", () => {
  test("when nothing can happen any more, and names who waits", async () => {
    await using machine = await create("setUpDeadlock", { vcpus: 1 });
    await expect(machine.run({ timeoutMs })).rejects.toMatchObject({
      code: "ERR_DEADLOCK",
      message: expect.stringMatching(/2 tasks wait[\s\S]*romeo[\s\S]*futex[\s\S]*juliet/),
    });
  });

  test("when a program throws, with what it threw", async () => {
    await using machine = await create("setUpThrow", { vcpus: 1 });
    await expect(machine.run({ timeoutMs })).rejects.toMatchObject({
      code: "ERR_PROGRAM_THREW",
      message: "thrower (tid 1) threw: because of the test",
      cause: new Error("because of the test"),
    });
    expect(machine.workers).toBe(0);
  });

  test("when the Worker of a CPU dies, even with the kernel's lock", async () => {
    await using machine = await create("setUpDeath");
    await expect(machine.run({ timeoutMs })).rejects.toMatchObject({
      code: "ERR_HOST",
      message: "the Worker of CPU 1 is gone: exit code 3",
    });
  });

  test("when there is nothing to do", async () => {
    await using machine = await create("setUpNothing", { vcpus: 1 });
    expect((await machine.run({ timeoutMs })).ipis).toBe(0);
    await expect(machine.run()).rejects.toMatchObject({ code: "ERR_RUNNING" });
  });
});

describe("a stop", () => {
  test("of tasks that never end is orderly: each CPU where it holds nothing", async () => {
    await using machine = await create("setUpEndless");
    await expect(machine.run({ timeoutMs: 200 })).rejects.toMatchObject({ code: "ERR_RUN_LIMIT" });
    const report = await machine.halt();
    expect(report).toMatchObject({ how: "orderly", stopped: [0, 1], stragglers: [] });
    expect(report.alive).toHaveLength(3);
    expect(machine.workers).toBe(0);
  });

  test("in an emergency is where they look around", async () => {
    await using machine = await create("setUpEndless", { vcpus: 1 });
    const run = machine.run();
    run.catch(() => undefined);
    const report = await machine.panic("because of the test");
    expect(report).toMatchObject({ how: "emergency", reason: "because of the test" });
    expect(machine.workers).toBe(0);
    await expect(run).rejects.toMatchObject({ code: "ERR_PANIC" });
  });

  test("before the run leaves nothing running", async () => {
    await using machine = await create("setUpEndless", { vcpus: 1 });
    expect(await machine.halt()).toMatchObject({ how: "orderly", stopped: [0] });
    await expect(machine.run()).rejects.toMatchObject({ code: "ERR_HALTED" });
  });
});

describe("an image", () => {
  test.each([
    ["setUpOtherwise", 2, "ERR_IMAGE", /^set-up did otherwise on CPU 1 than on CPU 0: at 0x/],
    ["setUpMissing", 1, "ERR_IMAGE", /exports no function setUpMissing$/],
    ["setUpBadly", 1, "ERR_HOST", /^nothing can be set up$/],
  ])("%s is refused", async (entry, vcpus, code, message) => {
    await expect(create(entry, { vcpus })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  test("and a configuration that is none", async () => {
    await expect(create("setUpNothing", { vcpus: 0 })).rejects.toMatchObject({ code: "ERR_CONFIG" });
  });
});
