/** CPUs that are held up where others can see what they have half done: one thread is CPU 0, and looks as CPU 1. */
import { afterEach, expect, test, vi } from "vitest";
import { disturb } from "../../../../src/hosts/threads/vcpu/disturbed.ts";
import { makeTwoCpus } from "../../../support/two-cpus.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

test("another CPU comes between the changes of one method, and sees no task that is moved on no queue", () => {
  const { kernel, plain, host } = makeTwoCpus();
  plain.waits.add(9, 1);
  const seen = new Set<string>();
  host.share();
  disturb(host, 1, () => {
    seen.add(`on ${plain.tasks.waitQueue(1) - 1}, first ${plain.waits.first(9)} ${plain.waits.first(4)}`);
    return 0;
  });
  kernel.waits.bothOf(9, 4);
  kernel.waits.move(4, 1);
  expect([...seen]).toEqual(["on 9, first 1 0", "on 9, first 0 0", "on 4, first 0 0", "on 4, first 0 1"]);
  expect(kernel.waits.all(4)).toEqual([1]);
});

test("it is held up as often as is asked for", () => {
  const wait = vi.spyOn(Atomics, "wait").mockReturnValue("timed-out");
  const { kernel, host } = makeTwoCpus();
  let now = 0.5;
  disturb(host, 0.5, () => now);
  expect([kernel.tasks.cpu(2), wait.mock.calls.length]).toEqual([1, 0]);
  now = 0.25;
  expect([kernel.tasks.cpu(2), wait.mock.calls.length]).toEqual([1, 2]);
  // It looks at its attention word.
  expect(host.wanted()).toBe(false);
  expect(wait.mock.calls.map(([, , , ms]) => ms)).toEqual(new Array(8).fill(0.075));
});
