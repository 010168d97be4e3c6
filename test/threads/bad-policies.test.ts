/**
 * Policies that throw under the scheduler's lock, or name a thread that cannot run: the error says which policy and which of its
 * functions, everybody is told, and until then all goes on in the order in which threads became ready.
 */
import { expect, test } from "vitest";
import { FOREVER } from "../../src/kernel-sim/times.ts";
import { policyCall, policyFailure } from "../../src/threads/guarded-policy.ts";
import { createThreads } from "../../src/threads/index.ts";
import { FIRST_SLOT, LOCK, OWNER, POLICY_CALL } from "../../src/threads/layout.ts";
import { fifo } from "../../src/threads/policies/fifo.ts";
import type { ThreadPolicy } from "../../src/threads/policy.ts";
import { LOOKS, type LongCall, PolicyWatch } from "../../src/threads/policy-watch.ts";
import { recover } from "../../src/threads/recover.ts";
import { snapshot } from "../../src/threads/snapshot.ts";
import { answers, failsToEnqueue, failsToPick, failsToRemove } from "../support/threads/bad-policies.ts";
import { outcomeOf, Rig } from "../support/threads/torn-records.ts";

const THREADS = 5;

/** Five threads on one CPU: the first runs, the others are ready in their order. Numbers are slots. */
function five(policy: ThreadPolicy): Rig {
  const rig = new Rig(policy, THREADS, 1, true);
  for (let slot = FIRST_SLOT; slot < FIRST_SLOT + THREADS; slot++) rig.begin(slot, slot);
  return rig;
}

/** Who owns the CPU now. */
const owner = ({ board }: Rig): number => board.ownerOf(0);
/** The owner yields. */
const pass = (rig: Rig): unknown => outcomeOf(() => rig.as(owner(rig)).yieldNow());

test.each([
  ["enqueue", "threw: Blunder: no room", failsToEnqueue],
  ["pick", "threw: Blunder: cannot choose", failsToPick],
  ["pick", "returned 0, which is no thread that is ready", answers(0)],
  ["pick", "returned -1, which is no thread that is ready", answers(-1)],
  ["pick", "returned 6, which is no thread that is ready", answers(THREADS + 1)],
  ["pick", "returned 1.5, which is no thread that is ready", answers(1.5)],
  ["pick", "returned undefined, which is no thread that is ready", answers(undefined)],
  ["pick", "returned 1, which is no thread that is ready", answers(1n)],
  ["pick", "returned Symbol(one), which is no thread that is ready", answers(Symbol("one"))],
  ["pick", "returned object, which is no thread that is ready", answers(Object.create(null))],
] as const)("%s %s: threads go on in their order", (name, what, policy) => {
  const rig = five(policy);
  const order: number[] = [];
  for (let i = 0; i < 2 * THREADS; i++) {
    order.push(owner(rig));
    expect(pass(rig)).toBe("asleep");
  }
  expect(order).toEqual([2, 3, 4, 5, 6, 2, 3, 4, 5, 6]);
  expect(policyFailure(rig.board, "mine")).toMatchObject({
    code: "ERR_POLICY",
    message: `${name}() of the policy mine ${what}`,
  });
  expect(rig.board.words[LOCK]).toBe(0);
});

test("the second time that a policy fails it is not asked: one that runs is no thread that is ready", () => {
  const rig = five(answers(1));
  // Its third answer is the thread that runs, which is the first.
  while (owner(rig) !== FIRST_SLOT + 2) pass(rig);
  pass(rig);
  expect(owner(rig)).toBe(FIRST_SLOT + 3);
});

test("one that fails to remove: the thread is switched to all the same, and the next death finds all in order", () => {
  const rig = five(failsToRemove);
  const [self, last] = [FIRST_SLOT, FIRST_SLOT + THREADS - 1];
  expect(outcomeOf(() => rig.as(self).switchTo(last, FOREVER))).toBe("asleep");
  expect(owner(rig)).toBe(last);
  expect(policyFailure(rig.board, "mine")?.message).toBe(
    "remove() of the policy mine threw: Blunder: keeps everybody",
  );
  expect(outcomeOf(() => recover(rig.as(OWNER), last))).toBe("over");
  expect(owner(rig)).toBe(FIRST_SLOT + 1);
});

test("one that does not come back is noticed: it is the same call of the same thread at look after look", () => {
  let during = (): void => undefined;
  const rig = five({
    ...fifo,
    pick(...args) {
      during();
      return fifo.pick(...args);
    },
  });
  const watch = new PolicyWatch(rig.board);
  const looks = (from: number, times: number): unknown[] =>
    Array.from({ length: times }, (_, n) => watch.look(1e6 * (from + n)));
  const none = new Array<undefined>(LOOKS).fill(undefined);
  expect(looks(0, LOOKS + 1)).toEqual([...none, undefined]);
  during = () => expect(looks(100, LOOKS)).toEqual(none);
  pass(rig);
  expect(watch.see(150e6)).toBeUndefined();
  const call = { slot: FIRST_SLOT + 1, function: "pick", sinceNs: 200e6 };
  during = () => {
    expect(looks(200, LOOKS + 1)).toEqual([...none, call]);
    expect(watch.see(300e6)).toEqual(call);
    expect(snapshot(rig.board, 300e6, () => undefined, call as LongCall)).toMatchObject({
      lockedBy: FIRST_SLOT + 1,
      lockedIn: "pick",
      lockedForNs: 100e6,
    });
  };
  pass(rig);
  // A call that has died is over when the records have been put right.
  during = () => undefined;
  rig.board.words[POLICY_CALL]! |= 2;
  expect(outcomeOf(() => recover(rig.as(OWNER), FIRST_SLOT + 4))).toBe("over");
  expect(policyCall(rig.board).function).toBeUndefined();
});

test("a runtime whose policy does not come back ends, and says whose call that was", async () => {
  const url = new URL("../support/threads/bad-policies.ts", import.meta.url);
  const lines: string[] = [];
  const threads = await createThreads({
    ...{ cpus: 1, threads: 2, quantumMs: 0, watchdogMs: 20, policyTimeoutMs: 200 },
    policy: { url, export: "neverPicks" },
    print: (line) => lines.push(line),
  });
  const words = new Int32Array(new SharedArrayBuffer(64));
  const jobs = new URL("../support/threads/jobs.ts", import.meta.url);
  const others = threads.spawn({ url: jobs, export: "yields", args: [words, 1e9] });
  const stuck = threads.spawn({ url, export: "getsStuck" });
  const message = new RegExp(
    `^pick\\(\\) of the policy neverPicks of .* has not come back for \\d+ ms: thread ${stuck.id} has the scheduler's lock$`,
  );
  for (const handle of [others, stuck])
    await expect(handle.join()).rejects.toMatchObject({
      code: "ERR_POLICY",
      cause: { code: "ERR_POLICY", message: expect.stringMatching(message) },
    });
  expect(lines.join("\n")).toMatch(
    new RegExp(`; thread ${stuck.id} has the scheduler's lock, in pick\\(\\) of the policy, for \\d`),
  );
  expect(lines.at(-1)).toMatch(/^host threads are ended: pick/);
  await threads.close();
  expect(threads.workers).toBe(0);
});

test("a runtime whose policy fails ends, and tells everybody", async () => {
  const policy = {
    url: new URL("../support/threads/bad-policies.ts", import.meta.url),
    export: "failsToPick",
  };
  const lines: string[] = [];
  const threads = await createThreads({
    cpus: 1,
    threads: 3,
    policy,
    quantumMs: 0,
    print: (line) => lines.push(line),
  });
  const url = new URL("../support/threads/jobs.ts", import.meta.url);
  const words = new Int32Array(new SharedArrayBuffer(64));
  // The fourth never begins.
  const handles = [0, 1, 2, 3].map(() => threads.spawn({ url, export: "yields", args: [words, 1e9] }));
  const message = `pick() of the policy failsToPick of ${policy.url} threw: Blunder: cannot choose`;
  for (const handle of handles)
    await expect(handle.join()).rejects.toMatchObject({
      code: "ERR_POLICY",
      cause: { code: "ERR_POLICY", message },
    });
  expect(lines).toEqual([`host threads are ended: ${message}`]);
  expect(() => threads.spawn({ url, export: "add" })).toThrow(message);
  await threads.close();
  expect(threads.workers).toBe(0);
});
