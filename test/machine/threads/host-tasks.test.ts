/**
 * Host tasks: kernel tasks, and workers, whose code is a plain function on a Worker of its own. What they find out they leave in
 * words, or say.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  createThreadMachine,
  type ThreadMachine,
  type ThreadMachineConfig,
} from "../../../src/machine/threads/index.ts";

const image = new URL("../../support/host-jobs.ts", import.meta.url);
/** A watchdog, for a machine that shares its cores. */
const timeoutMs = 40_000;

function create(entry: string, config: Partial<ThreadMachineConfig> = {}): Promise<ThreadMachine> {
  return createThreadMachine({ vcpus: 2, maxTasks: 64, userBytes: 1 << 18, image, entry, ...config });
}

describe("host tasks on two CPUs", () => {
  const said: unknown[] = [];
  let machine: ThreadMachine;
  let words: Int32Array;

  beforeAll(async () => {
    const args = { policy: "work-stealing", preemptNs: 2_000_000 };
    machine = await create("setUpLife", { args, onMessage: (value) => said.push(value) });
    words = machine.words.subarray(machine.kernel.userBase >> 2);
    await machine.run({ timeoutMs });
    await machine.halt();
  }, 60_000);
  afterAll(() => expect([machine.workers, machine.hostDeaths]).toEqual([0, []]));

  test("make system calls, fault pages in, and block off the CPU", () => {
    const text = Buffer.from("abcd").readInt32LE();
    expect([...words.subarray(0, 8)]).toEqual([4 * 16 + 4, text, 11, 110, 1, 1, 8, 9]);
    expect(words[14]).toBe(42);
    expect(said).toContainEqual({ job: "everything", cpu: expect.any(Number) });
  });

  test("never compute on more CPUs than there are", () => {
    // Behind the first words, and the page that was on disk.
    const [ended, most] = words.subarray(1024 * 2, 1024 * 2 + 2);
    expect(ended).toBe(4);
    expect([1, 2]).toContain(most);
  });

  test("are workers beside others: park, unpark, yield, join, are cancelled and preempted", () => {
    // What is no number stays on its CPU.
    const spins = said.find((value): value is { ends: unknown[] } => Object.hasOwn(value as object, "ends"));
    expect(spins!.ends.slice(0, 3)).toEqual([107, 105, "ERR_WORKER_CANCELLED"]);
    expect([{ turns: 20 }, "ERR_RESULT_STAYS"]).toContainEqual(spins!.ends[3]);
  });
});
