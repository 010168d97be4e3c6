/** The shipped policies alone, without a machine: who comes before whom. */
import { describe, expect, test } from "vitest";
import {
  type Addr,
  deadlineOf,
  type EnqueueReason,
  edf,
  fifo,
  goLikeWith,
  makePolicy,
  NO_SERVER,
  POLICY_NAMES,
  type Policy,
  type PolicyFactory,
  priority,
  priorityOf,
  workStealingWith,
} from "../../src/index.ts";
import { runAlone } from "../support/interleave.ts";
import { drain, makeYard, type Yard } from "./yard.ts";

interface Bench {
  readonly yard: Yard;
  readonly policy: Policy;
  readonly notes: string[];
  enqueue(index: number, reason?: EnqueueReason, server?: number): void;
  pick(server?: number): number;
  hasWork(): boolean;
}

function make(factory: PolicyFactory, servers = 1): Bench {
  const yard = makeYard(false);
  const policy = yard.policy(factory, servers);
  const notes: string[] = [];
  return {
    yard,
    policy,
    notes,
    enqueue: (index, reason = "woken", server = 0) =>
      runAlone(policy.enqueue(yard.at(server), yard.worker(index), reason)),
    pick: (server = 0) => yard.indexOf(runAlone(policy.pick(yard.at(server, notes)))),
    hasWork: () => runAlone(policy.hasWork(yard.at(0))),
  };
}

function set(yard: Yard, at: Addr, value: number): void {
  runAlone(yard.memory.store32(at, value));
}

describe.each(POLICY_NAMES)("%s", (name) => {
  test("gives back what it was given, each once, to any server, and knows whether it has work", () => {
    const bench = make((setup) => makePolicy(name, setup), 3);
    expect(bench.policy.name).toBe(name);
    expect([bench.hasWork(), bench.pick(), bench.pick(2)]).toEqual([false, -1, -1]);
    const reasons: EnqueueReason[] = ["spawned", "woken", "unparked", "yielded", "preempted"];
    for (const [i, reason] of reasons.entries()) bench.enqueue(i, reason, i % 3);
    bench.enqueue(5, "woken", NO_SERVER);
    expect(bench.hasWork()).toBe(true);
    const taken = [bench.pick(2), bench.pick(1), ...drain(bench.yard, bench.policy, 1)];
    expect(taken.sort()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(bench.hasWork()).toBe(false);
  });

  test("leaves nothing behind on a server that retires", () => {
    const bench = make((setup) => makePolicy(name, setup), 2);
    for (let i = 0; i < 5; i++) bench.enqueue(i, i === 4 ? "unparked" : "woken", 1);
    const at = bench.yard.at(1);
    if (bench.policy.onRetire !== undefined) runAlone(bench.policy.onRetire(at));
    expect(drain(bench.yard, bench.policy, 1).sort()).toEqual([0, 1, 2, 3, 4]);
    // Not stolen: it lay where all look.
    expect(bench.notes).toEqual([]);
  });
});

test("fifo keeps the order whatever the reason", () => {
  const bench = make(fifo);
  for (const [i, reason] of (["unparked", "woken", "yielded"] as const).entries()) bench.enqueue(i, reason);
  expect([bench.pick(), bench.pick(), bench.pick()]).toEqual([0, 1, 2]);
});

describe("priority", () => {
  test("takes the highest first, negative ones last, equals in their order", () => {
    const bench = make(priority);
    const wishes = [0, 7, -3, 7, 0, 2 ** 31 - 1, -(2 ** 31), 7];
    wishes.forEach((wish, i) => {
      set(bench.yard, priorityOf(bench.yard.worker(i)), wish);
      bench.enqueue(i);
    });
    expect(wishes.map(() => bench.pick())).toEqual([5, 1, 3, 7, 0, 4, 2, 6]);
  });

  test("a tick yields to a higher one only", () => {
    const bench = make(priority);
    const tick = (): boolean =>
      runAlone(bench.policy.onTick!(bench.yard.at(NO_SERVER), bench.yard.worker(0), 1000, 0));
    set(bench.yard, priorityOf(bench.yard.worker(0)), 3);
    expect(tick()).toBe(false);
    set(bench.yard, priorityOf(bench.yard.worker(1)), 3);
    bench.enqueue(1);
    expect(tick()).toBe(false);
    set(bench.yard, priorityOf(bench.yard.worker(2)), 4);
    bench.enqueue(2);
    expect(tick()).toBe(true);
  });
});

test("edf takes the earliest deadline first, none last, equals in their order", () => {
  const bench = make(edf);
  const deadlines = [0n, 500n, 2n ** 53n, 20n, 500n, 0n, 1n];
  deadlines.forEach((deadline, i) => {
    runAlone(bench.yard.memory.store64(deadlineOf(bench.yard.worker(i)), deadline));
    bench.enqueue(i);
  });
  expect(deadlines.map(() => bench.pick())).toEqual([6, 3, 1, 4, 2, 0, 5]);
});

describe("go-like", () => {
  test("runs the last one unparked next; the ones before it queue in their order", () => {
    const bench = make(goLikeWith({}));
    // The very first pick looks at the queue for all; here it is empty.
    for (const i of [0, 1]) bench.enqueue(i, "woken");
    for (const i of [2, 3]) bench.enqueue(i, "unparked");
    expect([1, 2, 3, 4].map(() => bench.pick())).toEqual([3, 0, 1, 2]);
  });

  test("puts who gives way behind all servers", () => {
    const bench = make(goLikeWith({}), 2);
    bench.enqueue(9, "woken");
    bench.pick();
    bench.enqueue(0, "yielded");
    bench.enqueue(1, "preempted");
    bench.enqueue(2, "woken");
    expect([bench.pick(1), bench.pick(), bench.pick()]).toEqual([0, 2, 1]);
    expect(bench.notes).toEqual([]);
  });

  test("looks at the queue for all first at every 61st pick", () => {
    const bench = make(goLikeWith({}));
    for (let i = 0; i < 70; i++) bench.enqueue(i, "woken");
    bench.pick();
    bench.enqueue(100, "yielded");
    const picks = Array.from({ length: 70 }, () => bench.pick());
    expect(picks.indexOf(100)).toBe(60);
  });

  test("lets a slot's worker queue when its slice is over, and says that it moved", () => {
    const bench = make(goLikeWith({ sliceNs: 10_000 }));
    bench.enqueue(0, "woken");
    bench.enqueue(1, "woken");
    expect(bench.pick()).toBe(0);
    bench.yard.now = 9_000;
    bench.enqueue(0, "unparked");
    expect(bench.pick()).toBe(0);
    bench.yard.now = 10_000;
    bench.enqueue(0, "unparked");
    expect([bench.pick(), bench.pick(), bench.notes]).toEqual([1, 0, ["moved"]]);
  });
});

describe("work-stealing", () => {
  test("takes from the slot three times in a row at most", () => {
    const bench = make(workStealingWith({}));
    bench.enqueue(9, "woken");
    const picks = Array.from({ length: 5 }, () => {
      bench.enqueue(0, "unparked");
      return bench.pick();
    });
    expect(picks).toEqual([0, 0, 0, 9, 0]);
    expect(bench.notes).toEqual(["moved"]);
  });

  test("keeps who gives way on its server", () => {
    const bench = make(workStealingWith({}), 2);
    bench.enqueue(0, "yielded");
    expect([bench.pick(1), bench.notes]).toEqual([0, ["stolen"]]);
  });

  test("steals half of a ring, and a slot only when all rings are empty", () => {
    const bench = make(workStealingWith({ capacity: 4 }), 3);
    for (const i of [0, 1, 2, 3]) bench.enqueue(i, "woken", 1);
    bench.enqueue(4, "unparked", 2);
    expect(bench.pick(0)).toBe(0);
    // One of the stolen half is left, and runs before anything else is stolen.
    expect([bench.pick(0), bench.notes]).toEqual([1, ["stolen"]]);
    expect([bench.pick(0), bench.pick(0), bench.pick(0), bench.pick(0)]).toEqual([2, 3, 4, -1]);
  });

  test("sends what a full ring cannot hold to the queue for all", () => {
    const bench = make(workStealingWith({ capacity: 2 }));
    for (let i = 0; i < 9; i++) bench.enqueue(i, "woken");
    expect(drain(bench.yard, bench.policy, 1).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });
});

test.each([0, 1, 3, 2 ** 17, 2.5, Number.NaN])("a capacity of %d is ERR_RUNTIME_CONFIG", (capacity) => {
  for (const factory of [goLikeWith({ capacity }), workStealingWith({ capacity })]) {
    expect(() => make(factory)).toThrow(expect.objectContaining({ code: "ERR_RUNTIME_CONFIG" }));
  }
});
