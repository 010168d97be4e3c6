/** Block and wake detection. F29, which v0.3 does not have, as a model of what libumcg v0.8 did. */
import { describe, expect, it } from "vitest";
import {
  nextTidOf,
  SIGSEGV,
  serverTidOf,
  stateOf,
  TASK_RUNNING,
  TASK_UNINTERRUPTIBLE,
  UMCG_TASK_BLOCKED,
  UMCG_TASK_IDLE,
  UMCG_TASK_RUNNING,
  UMCG_TF_LOCKED,
} from "../../../src/index.ts";
import { schedule } from "../../../src/kernel-sim/schedule.ts";
import { setTaskState } from "../../../src/kernel-sim/task-state.ts";
import { Fixture } from "../fixture.ts";
import { awake, blockAndWake, flaw, meanwhile, pair } from "./flaw.ts";

const USER_BITS = 0x5a000000;

flaw(
  "F20",
  "a server whose word has user bits",
  { posted: [SIGSEGV, "asleep"], hardened: [0, "user"] },
  (f) => {
    const { s, w } = pair(f);
    f.s.store32(stateOf(s.record), USER_BITS | UMCG_TASK_IDLE);
    f.s.step(w.tid, { do: "block", interruptible: true });
    return [f.s.inspect(w.tid).fatalSignal, f.mode(s)];
  },
);

flaw(
  "F21",
  "the record's page is on disk when the worker blocks",
  { posted: "dead", hardened: "asleep" },
  (f) => {
    const { w } = pair(f);
    f.s.machine.swapOut(w.record, 64);
    f.s.step(w.tid, { do: "block", interruptible: true });
    return f.mode(w);
  },
);

describe("F19: the server of a worker that blocks is awake and spinning", () => {
  it.each(["posted", "hardened"] as const)("%s: the worker does not wait for it", (umcg) => {
    const f = new Fixture({ umcg, vcpus: 2 });
    const { s, w } = pair(f);
    f.s.store32(stateOf(s.record), UMCG_TASK_RUNNING);
    f.s.unblock(s.tid);
    f.s.run();
    f.s.submit(s.tid, {
      do: "call",
      *call(env) {
        yield* env.work(1_000_000);
        return 0;
      },
    });
    // It computes. The kernel of v0.2 tried again until it slept, with preemption off.
    const began = f.s.machine.host.now;
    f.s.submit(w.tid, { do: "block" });
    f.s.machine.host.run(began + 100_000);
    expect([f.state(w), f.mode(w)]).toEqual([UMCG_TASK_BLOCKED, "asleep"]);
  });
});

describe("F22: a worker's first fault comes before its first system call", () => {
  it.each(["posted", "hardened"] as const)("%s: it blocks like any other, and is listed", (umcg) => {
    const f = new Fixture({ umcg, check: true });
    const page = f.s.allocate(4096, 4096);
    const { s, w } = pair(f);
    f.s.machine.swapOut(page, 4096);
    f.s.submit(w.tid, {
      do: "call",
      *call(env) {
        return yield* env.memory.load32(page);
      },
    });
    f.s.run();
    // The disk has answered by now.
    expect([f.s.inspect(w.tid).fatalSignal, f.listed(), ...awake(f, s)]).toEqual([0, [w.record], true]);
  });
});

describe("F23: a fault in the middle of a hand-off", () => {
  it.each(["posted", "hardened"] as const)(
    "%s: unlocked, it wakes a server that has another worker",
    (umcg) => {
      const f = new Fixture({ umcg });
      const { s, w } = pair(f);
      const other = f.worker();
      f.takeFromList(other);
      // W gives its server to OTHER and faults before it has called.
      f.s.store32(serverTidOf(other.record), s.tid);
      f.s.store32(stateOf(other.record), UMCG_TASK_RUNNING);
      f.s.step(w.tid, { do: "block" });
      expect([f.state(other), f.state(s)]).toEqual([UMCG_TASK_RUNNING, UMCG_TASK_RUNNING]);
    },
  );

  it.each(["posted", "hardened"] as const)("%s: LOCKED keeps it from being an event", (umcg) => {
    const f = new Fixture({ umcg, check: true });
    const { s, w } = pair(f);
    const other = f.worker();
    f.takeFromList(other);
    f.s.store32(stateOf(w.record), UMCG_TASK_RUNNING | UMCG_TF_LOCKED);
    f.s.store32(serverTidOf(other.record), s.tid);
    f.s.step(w.tid, { do: "block" });
    f.s.unblock(w.tid);
    f.s.run();
    expect([f.mode(w), f.mode(s), f.state(s)]).toEqual(["user", "asleep", UMCG_TASK_IDLE]);
  });
});

describe("F24: next_tid has been written for a wake-up when the worker faults", () => {
  it.each(["posted", "hardened"] as const)(
    "%s: its server is another word: the target is left alone",
    (umcg) => {
      const f = new Fixture({ umcg });
      const { s, w } = pair(f);
      const target = f.server();
      f.s.store32(stateOf(target.record), UMCG_TASK_IDLE);
      f.wait(target.tid);
      f.s.store32(nextTidOf(w.record), target.tid);
      f.s.step(w.tid, { do: "block" });
      expect([f.state(s), f.state(target), ...awake(f, s, target)]).toEqual([
        UMCG_TASK_RUNNING,
        UMCG_TASK_IDLE,
        true,
        false,
      ]);
    },
  );
});

describe("F25: a worker blocks and wakes up before its server looks", () => {
  it.each(["posted", "hardened"] as const)("%s: the server was told all the same", (umcg) => {
    const f = new Fixture({ umcg, vcpus: 1 });
    const { s, w } = pair(f);
    f.s.submit(w.tid, {
      do: "call",
      *call(env) {
        // Asleep so shortly that its server, on the same CPU, has not run in between.
        yield* env.sys.nanosleep(1);
        return 0;
      },
    });
    f.s.run();
    expect([f.state(s), ...awake(f, s), f.listed()]).toEqual([UMCG_TASK_RUNNING, true, [w.record]]);
  });
});

flaw(
  "F27",
  "a worker that wakes up in the kernel with a lock held is parked there",
  { posted: [false, "asleep"], hardened: [true, "asleep"] },
  (f) => {
    const { w } = pair(f);
    const { kernel } = f.s.machine;
    let released = false;
    // A system call that sleeps with a lock of the kernel's held, and releases it when it has woken up.
    f.s.submit(w.tid, {
      do: "call",
      *call(env) {
        setTaskState(kernel, env.tid, TASK_UNINTERRUPTIBLE);
        yield* schedule(kernel, env.tid);
        setTaskState(kernel, env.tid, TASK_RUNNING);
        released = true;
        return yield* env.sys.schedYield();
      },
    });
    f.s.run();
    f.s.unblock(w.tid);
    f.s.run();
    return [released, f.mode(w)];
  },
);

flaw("F28", "the idle server that is popped turns out busy", { posted: [false], hardened: [true] }, (f) => {
  const { w } = pair(f);
  const [idle, busy] = [f.server(), f.server()];
  f.idle(idle);
  f.idle(busy);
  // It has found work by itself, and its node is still published.
  f.s.store32(stateOf(busy.record), UMCG_TASK_RUNNING);
  blockAndWake(f, w);
  return awake(f, idle);
});

describe("F29: two idle servers, and one word for one of them", () => {
  it("libumcg v0.8: the second wake-up finds the word taken and wakes nobody", () => {
    const asleep = new Set(["S1", "S2"]);
    let word = "S1";
    const wakes = (): void => {
      asleep.delete(word);
      word = "";
    };
    // W1 wakes, and is the only one in the list: S1 has no reason to wake S2. Then W2 wakes while S1 runs W1.
    wakes();
    wakes();
    expect([...asleep]).toEqual(["S2"]);
  });

  it.each(["posted", "hardened"] as const)("%s: both servers are woken", (umcg) => {
    const f = new Fixture({ umcg, check: true });
    const [one, two] = [pair(f), pair(f)];
    const idle = [f.server(), f.server()];
    for (const s of idle) f.idle(s);
    blockAndWake(f, one.w);
    expect(awake(f, ...idle).filter(Boolean)).toHaveLength(1);
    blockAndWake(f, two.w);
    expect(awake(f, ...idle)).toEqual([true, true]);
  });
});

describe("F30: no idle server at all", () => {
  it.each(["posted", "hardened"] as const)("%s: no error, the worker waits in the list", (umcg) => {
    const f = new Fixture({ umcg, check: true });
    const { w } = pair(f);
    blockAndWake(f, w);
    expect([f.listed(), f.mode(w)]).toEqual([[w.record], "asleep"]);
  });
});

flaw(
  "F32",
  "the worker's word changes under block detection",
  { posted: [SIGSEGV, UMCG_TASK_RUNNING | USER_BITS], hardened: [0, UMCG_TASK_BLOCKED | USER_BITS] },
  (f) => {
    const { w } = pair(f);
    // Another thread sets a user bit, which is its right, between the kernel's look and its exchange.
    meanwhile(f, "getUser32Nosleep", stateOf(w.record), () =>
      f.s.store32(stateOf(w.record), USER_BITS | UMCG_TASK_RUNNING),
    );
    f.s.step(w.tid, { do: "block", interruptible: true });
    return [f.s.inspect(w.tid).fatalSignal, f.state(w) >>> 0];
  },
);

describe("F31: more workers run than there are servers", () => {
  it.each(["posted", "hardened"] as const)("%s: a wake-up wakes no server whose worker runs", (umcg) => {
    const f = new Fixture({ umcg, check: true });
    const [one, two] = [pair(f), pair(f)];
    f.idle(f.server());
    blockAndWake(f, one.w);
    expect([f.mode(two.w), ...awake(f, two.s)]).toEqual(["user", false]);
  });
});

describe("F40: a server that is RUNNING already when its worker blocks", () => {
  it.each(["posted", "hardened"] as const)("%s: is left alone", (umcg) => {
    const f = new Fixture({ umcg });
    const { s, w } = pair(f);
    f.s.store32(stateOf(s.record), UMCG_TASK_RUNNING);
    f.s.step(w.tid, { do: "block" });
    expect(f.s.takeWakes()).toEqual([]);
    expect([f.state(w), f.s.inspect(w.tid).fatalSignal]).toEqual([UMCG_TASK_BLOCKED, 0]);
  });
});
