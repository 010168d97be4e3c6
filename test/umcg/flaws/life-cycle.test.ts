/** Preemption, and the ends of tasks. */
import { describe, expect, it } from "vitest";
import {
  EINTR,
  idleServersOf,
  NULL,
  SIGKILL,
  SIGUSR1,
  stateOf,
  UMCG_CTL_REGISTER,
  UMCG_CTL_UNREGISTER,
  UMCG_TASK_IDLE,
  UMCG_TASK_NONE,
  UMCG_TASK_RUNNING,
  UMCG_TF_LOCKED,
  UMCG_TF_PREEMPTED,
  UMCG_TF_STATE_MASK,
} from "../../../src/index.ts";
import { Fixture } from "../fixture.ts";
import { awake, blockAndWake, flaw, pair, park } from "./flaw.ts";

const hardened = (): Fixture => new Fixture({ umcg: "hardened", check: true });
const PREEMPTED = UMCG_TASK_RUNNING | UMCG_TF_PREEMPTED;

describe("preemption", () => {
  it("F33: a worker that parks while it is PREEMPTED just parks", () => {
    const f = hardened();
    const parties = pair(f);
    f.s.store32(stateOf(parties.w.record), PREEMPTED);
    park(f, parties);
    expect([f.state(parties.w), f.mode(parties.w), f.listed()]).toEqual([UMCG_TASK_IDLE, "asleep", []]);
  });

  it("F35: the server of a preempted worker need not be IDLE: its own timeout may have come", () => {
    const f = hardened();
    const s = f.server();
    const w = f.worker();
    f.takeFromList(w);
    f.s.store32(stateOf(s.record), UMCG_TASK_IDLE);
    f.s.store32((stateOf(w.record) + 8) as never, s.tid);
    f.s.store32(stateOf(w.record), UMCG_TASK_RUNNING);
    f.s.store32((stateOf(s.record) + 12) as never, w.tid);
    f.wait(s.tid, 0, f.s.machine.host.now + 10_000);
    expect([f.state(s), f.mode(s), f.mode(w)]).toEqual([UMCG_TASK_RUNNING, "user", "user"]);
    f.s.store32(stateOf(w.record), PREEMPTED);
    f.s.step(s.tid, { do: "umcg_kick", tid: w.tid });
    f.s.step(w.tid, { do: "interrupt" });
    expect([f.mode(w), f.s.inspect(w.tid).fatalSignal, f.listed()]).toEqual(["asleep", 0, [w.record]]);
  });

  flaw(
    "F36",
    "the interruption that is to preempt a worker comes too late, and ends a system call of its instead",
    // What v0.4 used is all that v0.3 has: a signal with a handler that does nothing.
    { posted: [-EINTR], hardened: [undefined] },
    (f, profile) => {
      const { w } = pair(f);
      f.s.disposition(w.tid, SIGUSR1, "handle");
      const preemptor = f.server();
      let result: number | undefined;
      f.s.submit(w.tid, {
        do: "call",
        *call(env) {
          result = yield* env.sys.futexWait(f.idleServers, 0);
          return result;
        },
      });
      f.s.run();
      if (profile === "posted") f.s.signal(w.tid, SIGUSR1);
      else f.s.step(preemptor.tid, { do: "umcg_kick", tid: w.tid });
      f.s.run();
      if (profile === "posted") {
        // It is parked in the kernel now (F27): its next run shows what the call came to.
        f.s.store64(f.idleWorkers, 0n);
        f.s.store64((stateOf(w.record) + 24) as never, BigInt(f.idleWorkers));
        f.s.store32(stateOf(w.record), UMCG_TASK_RUNNING);
        f.s.unblock(w.tid);
        f.s.run();
      }
      return [result];
    },
  );
});

flaw(
  "F43",
  "a worker exits while its server sleeps",
  { posted: ["asleep", UMCG_TASK_RUNNING], hardened: ["user", UMCG_TASK_NONE] },
  (f) => {
    const { s, w } = pair(f);
    f.s.step(w.tid, { do: "exit" });
    return [f.mode(s), f.state(w)];
  },
);

flaw("F43, unregistering", "the same", { posted: ["asleep", "user"], hardened: ["user", "user"] }, (f) => {
  const { s, w } = pair(f);
  f.s.step(w.tid, { do: "umcg_ctl", flags: UMCG_CTL_UNREGISTER, self: NULL });
  return [f.mode(s), f.mode(w)];
});

flaw(
  "F44",
  "a server dies on the idle server list, and takes a wake-up with it",
  { posted: [false], hardened: [true] },
  (f) => {
    const { w } = pair(f);
    const [idle, dead] = [f.server(), f.server()];
    f.idle(idle);
    f.idle(dead);
    f.s.signal(dead.tid, SIGKILL);
    f.s.run();
    blockAndWake(f, w);
    return awake(f, idle);
  },
);

flaw(
  "F16",
  "a record names a tid that has another owner now",
  // Whether the newcomer was woken from a sleep that has nothing to do with it, and whether the idle server was.
  { posted: ["user", false], hardened: ["asleep", true] },
  (f) => {
    const { w } = pair(f);
    const [idle, dead, newcomer] = [f.server(), f.server(), f.server()];
    f.idle(idle);
    f.idle(dead);
    f.s.signal(dead.tid, SIGKILL);
    f.s.run();
    // As if the newcomer had been given the number: it has to the kernel that reads it in the record of the dead.
    f.s.store32(stateOf(dead.record), UMCG_TASK_IDLE);
    f.s.store64(idleServersOf(dead.record), f.s.load64(idleServersOf(dead.record)) & ~1n);
    f.s.store32((stateOf(dead.record) + 8) as never, newcomer.tid);
    f.s.step(newcomer.tid, { do: "block" });
    blockAndWake(f, w);
    return [f.mode(newcomer), ...awake(f, idle)];
  },
);

flaw(
  "F45",
  "exec leaves the kernel with a pointer into the old program's memory",
  { posted: true, hardened: false },
  (f) => {
    const { w } = pair(f);
    f.s.submit(w.tid, {
      do: "call",
      *call(env) {
        return yield* env.exec(function* (next) {
          yield* next.sys.nanosleep(1_000);
        });
      },
    });
    f.s.run();
    const told = f.state(w);
    // What the kernel writes there behind the exec.
    return told !== UMCG_TASK_NONE;
  },
);

flaw(
  "F50",
  "a worker is killed while it is parked, and a server runs it",
  // The worker's word, and whether the server that sleeps meanwhile is ever woken.
  { posted: [UMCG_TASK_RUNNING, "asleep"], hardened: [UMCG_TASK_NONE, "user"] },
  (f) => {
    const parties = pair(f);
    const { s, w } = parties;
    park(f, parties);
    f.s.signal(w.tid, SIGKILL);
    f.s.run();
    // The server looks at the word before it gives its CPU away. v0.3 has nothing to tell there.
    const dead = (f.state(w) & UMCG_TF_STATE_MASK) === UMCG_TASK_NONE;
    if (!dead) {
      f.s.store32(stateOf(s.record), UMCG_TASK_IDLE);
      f.s.store32(stateOf(w.record), UMCG_TASK_RUNNING);
      f.wait(s.tid);
    }
    return [f.state(w) & UMCG_TF_STATE_MASK, f.mode(s)];
  },
);

describe("F50: a worker killed while user space has a hand on it", () => {
  it("hardened: whoever takes it finds NONE", () => {
    const f = hardened();
    const parties = pair(f);
    park(f, parties);
    f.s.store32(stateOf(parties.w.record), UMCG_TASK_IDLE | UMCG_TF_LOCKED);
    f.s.signal(parties.w.tid, SIGKILL);
    f.s.run();
    expect([f.mode(parties.w), f.state(parties.w) & 0xff]).toEqual(["dead", UMCG_TASK_NONE]);
  });
});

describe("F46: pages stay pinned", () => {
  it("hardened: one pin for a registration, none after unregistering", () => {
    const f = hardened();
    const s = f.server();
    const { pages } = f.s.machine.kernel;
    expect(pages.isPinned(s.record)).toBe(true);
    f.s.step(s.tid, { do: "umcg_ctl", flags: UMCG_CTL_UNREGISTER, self: NULL });
    expect(pages.isPinned(s.record)).toBe(false);
    // A registration that fails pins nothing.
    f.s.store32(stateOf(s.record), 9);
    f.s.step(s.tid, { do: "umcg_ctl", flags: UMCG_CTL_REGISTER, self: s.record });
    expect(pages.isPinned(s.record)).toBe(false);
  });
});
