/**
 * Host tasks: kernel tasks, and workers, whose code is a plain function on a Worker of its own. What they find out they leave in
 * words, or say.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { EINVAL } from "../../../src/atomics/errno.ts";
import { HostTaskWords } from "../../../src/hosts/threads/vcpu/host-task-words.ts";
import type { HostTasks } from "../../../src/hosts/threads/vcpu/host-tasks.ts";
import { SIGKILL } from "../../../src/kernel-sim/constants.ts";
import { HostJobs } from "../../../src/machine/threads/host-tasks/jobs.ts";
import {
  createThreadMachine,
  type HostSpec,
  type ThreadMachine,
  type ThreadMachineConfig,
} from "../../../src/machine/threads/index.ts";

const image = new URL("../../support/host-jobs.ts", import.meta.url);
/** A watchdog, for a machine that shares its cores. */
const timeoutMs = 120_000;

/** A CPU that does not load in time is left out: on a machine that has much else to do that is none of these tests' business. */
const SIZE = { maxTasks: 64, userBytes: 1 << 18, loadTimeoutMs: 100_000 } as const;

function create(entry: string, config: Partial<ThreadMachineConfig> = {}): Promise<ThreadMachine> {
  return createThreadMachine({ vcpus: 2, ...SIZE, image, entry, ...config });
}

describe("host tasks on two CPUs", () => {
  const said: Record<string, unknown>[] = [];
  let machine: ThreadMachine;
  let words: Int32Array;

  beforeAll(async () => {
    const args = { policy: "work-stealing", preemptNs: 2_000_000 };
    const onMessage = (value: unknown): void => void said.push(value as Record<string, unknown>);
    machine = await create("setUpLife", { args, hostSpares: 2, onMessage });
    words = machine.words.subarray(machine.kernel.userBase >> 2);
    await machine.run({ timeoutMs });
    await machine.halt();
  });
  afterAll(() => expect(machine.workers).toBe(0));

  test("make system calls, fault pages in, and block off the CPU", () => {
    const text = Buffer.from("abcd").readInt32LE();
    expect([...words.subarray(0, 8)]).toEqual([4 * 16 + 4, text, 11, 110, 1, 1, 8, 9]);
    expect(words[14]).toBe(42);
    expect(said).toContainEqual({ job: "everything", cpu: expect.any(Number) });
  });

  test("are refused what is no time, as programs are", () => {
    const refused = ["ERR_TIME", "ERR_TIME", "ERR_TIME", -EINVAL, -EINVAL];
    expect(said).toContainEqual({ refused });
    expect(said).toContainEqual({ sleep: "ERR_DEADLINE" });
  });

  test("never compute on more CPUs than there are", () => {
    // Behind the first words, and the page that was on disk.
    const [ended, most] = words.subarray(1024 * 2, 1024 * 2 + 2);
    expect(ended).toBe(4);
    expect([1, 2]).toContain(most);
  });

  test("are workers beside others: park, unpark, yield, join, are cancelled and preempted", () => {
    // What is no number stays on its CPU.
    const [{ workers }] = said.filter((value) => "workers" in value) as [{ workers: unknown[] }];
    expect(workers.slice(0, 3)).toEqual([107, 105, "ERR_WORKER_CANCELLED"]);
    expect([{ turns: 20 }, "ERR_RESULT_STAYS"]).toContainEqual(workers[3]);
  });

  test("that tasks start run on threads that are free, one after the other", () => {
    expect(said).toContainEqual({ code: "ERR_NO_HOST_THREAD" });
    expect(said).toContainEqual({ sum: 11, ends: ["ERR_WORKER_FAILED", 128 + SIGKILL] });
    const threads = said.filter(({ on }) => on !== undefined).map(({ on }) => on);
    expect(threads.length).toBeGreaterThanOrEqual(4);
    expect(new Set(threads).size).toBeLessThan(threads.length);
    expect(machine.hostDeaths).toEqual([expect.objectContaining({ cause: expect.any(Error) })]);
  });
});

describe("a host thread that dies", () => {
  test("takes its task with it, and nothing else: joiners are told, and the machine goes on", async () => {
    const said: Record<string, unknown>[] = [];
    // Not before it waits: it says so while it still runs.
    const endWaiting = (tid: number): void => {
      if (machine.waiters().some((one) => one.tid === tid && one.reason === "umcg_wait"))
        machine.endHost(tid);
      else setTimeout(endWaiting, 5, tid);
    };
    await using machine: ThreadMachine = await create("setUpDeaths", {
      onMessage: (value) => {
        const { dies, tid } = value as { dies?: string; tid?: number };
        if (dies === "parked") endWaiting(tid!);
        else said.push(value as Record<string, unknown>);
      },
    });
    await machine.run({ timeoutMs });
    await machine.halt();
    expect(said).toContainEqual({ ends: [128 + SIGKILL, 128 + SIGKILL] });
    const state = (died: string): unknown => said.find((value) => value["died"] === died);
    const error = { name: "HostThreadDiedError", code: "ERR_KILLED" };
    expect(state("exits")).toMatchObject({
      ...error,
      state: "running",
      message: expect.stringMatching(
        /^the thread of exits has died: exit code 3 \(it was running, its last /,
      ),
    });
    const blocked = { state: "blocking", lastWait: "blocking call of a host thread" };
    expect(state("exits blocking")).toMatchObject({ ...error, ...blocked });
    expect(state("parked")).toMatchObject({ ...error, state: "waiting", lastWait: "umcg_wait" });
    expect(machine.hostDeaths).toHaveLength(4);
    expect(machine.hostDeaths).toContainEqual({
      tid: 1,
      name: "dies-0",
      state: "running",
      lastWait: expect.any(String),
      cause: new TypeError("because of the test"),
    });
    expect(machine.workers).toBe(0);
  });
});

describe("a machine with host threads ends", () => {
  test("in order, whatever they do", async () => {
    let computes = 0;
    await using machine = await create("setUpLingering", { onMessage: () => computes++ });
    const run = machine.run();
    run.catch(() => undefined);
    await vi.waitUntil(() => computes >= 2, { timeout: timeoutMs });
    const report = await machine.halt();
    expect(report).toMatchObject({ how: "orderly", stopped: [0, 1], stragglers: [] });
    expect(report.alive).toHaveLength(3);
    expect(machine.workers).toBe(0);
    await expect(run).rejects.toMatchObject({ code: "ERR_HALTED" });
  });

  test("when nothing can happen any more, and not while a thread has to make room for another task", async () => {
    await using machine = await create("setUpWaiting", { vcpus: 1 });
    await expect(machine.run({ timeoutMs })).rejects.toMatchObject({
      code: "ERR_DEADLOCK",
      message: expect.stringMatching(/ 1 task waits\n.*estragon.*futex/),
    });
  });

  test("in an emergency, with a thread that computes", async () => {
    await using machine = await create("setUpLingering", { vcpus: 1 });
    const run = machine.run();
    run.catch(() => undefined);
    expect(await machine.panic("because of the test")).toMatchObject({ how: "emergency", stragglers: [] });
    expect(machine.workers).toBe(0);
    await expect(run).rejects.toMatchObject({ code: "ERR_PANIC" });
  });
});

describe("a host thread that cannot be is refused:", () => {
  test("its module has no such function", async () => {
    await expect(create("setUpMissingHost", { vcpus: 1 })).rejects.toMatchObject({
      code: "ERR_IMAGE",
      message: expect.stringMatching(
        /^host thread missing-0 .* did not start: .* exports no function missing$/,
      ),
    });
  });

  const url = image;
  test.each<[HostSpec, RegExp]>([
    [{ url: "job.ts" }, /is named by an absolute URL, got job.ts$/],
    [{ url, args: [() => 1] }, /^the arguments of default are a list of what can be cloned/],
    [{ url, args: 1 as never }, /^the arguments of default are a list/],
  ])("%o", (spec, message) => {
    const words = new HostTaskWords(HostTaskWords.create(1));
    const jobs = new HostJobs({ words } as HostTasks, () => undefined);
    const refusal = (): unknown => jobs.add(spec, undefined);
    expect(refusal).toThrow(
      expect.objectContaining({ code: "ERR_CONFIG", message: expect.stringMatching(message) }),
    );
    expect(jobs.add({ url }, "first").slot).toBe(0);
    expect(() => jobs.add({ url }, undefined)).toThrow(/maxHostTasks is 1$/);
  });
});
