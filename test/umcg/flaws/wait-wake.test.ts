/** Waits and wake-ups. F10 and F38, which v0.3 does not have, as models of what v0.1 and v0.4 did. */
import { describe, expect, it } from "vitest";
import {
  type Coroutine,
  EINVAL,
  ESRCH,
  ETIMEDOUT,
  nextTidOf,
  stateOf,
  UMCG_TASK_IDLE,
  UMCG_TASK_RUNNING,
  UMCG_TF_LISTED,
} from "../../../src/index.ts";
import { makeLists, node, stepped } from "../../llist/fixture.ts";
import { allInterleavings } from "../../support/interleave.ts";
import { Fixture } from "../fixture.ts";
import { flaw, meanwhile, pair, park } from "./flaw.ts";

describe("F10: a wake-up between the look and the sleep is lost", () => {
  const [STATE, ASLEEP] = [node(0), node(1)];
  /** In how many interleavings the waiter is asleep at the end although it was woken. */
  function lost(announcesFirst: boolean): number {
    let count = 0;
    let longs = makeLists(stepped).longs;
    allInterleavings(
      () => {
        const { user, longs: all } = makeLists(stepped);
        longs = all;
        for (const word of [STATE, ASLEEP]) all[word / 8] = 0n;
        const waiter = function* (): Coroutine<number> {
          if (announcesFirst) yield* user.store64(ASLEEP, 1n);
          if ((yield* user.load64(STATE)) !== 0n) yield* user.store64(ASLEEP, 0n);
          else if (!announcesFirst) yield* user.store64(ASLEEP, 1n);
          return 0;
        };
        const waker = function* (): Coroutine<number> {
          yield* user.store64(STATE, 1n);
          yield* user.store64(ASLEEP, 0n);
          return 0;
        };
        return [waiter(), waker()];
      },
      () => {
        count += longs[ASLEEP / 8] === 1n ? 1 : 0;
      },
    );
    return count;
  }
  it("v0.1 looked first and slept then", () => expect(lost(false)).toBeGreaterThan(0));
  it("both profiles announce the sleep first", () => expect(lost(true)).toBe(0));

  it.each(["posted", "hardened"] as const)("%s: wherever in the call the wake-up comes", (umcg) => {
    // I12: the waker's store behind each look of the call, its wake-up when the waiter sleeps or has returned.
    for (const field of [nextTidOf, stateOf]) {
      const f = new Fixture({ umcg });
      const [s, waker] = [f.server(), f.server()];
      f.s.store32(nextTidOf(waker.record), s.tid);
      f.s.store32(stateOf(s.record), UMCG_TASK_IDLE);
      meanwhile(f, "getUser32", field(s.record), () => f.s.store32(stateOf(s.record), UMCG_TASK_RUNNING));
      f.wait(s.tid);
      f.wait(waker.tid, 1);
      expect(f.s.inspect(s.tid)).toMatchObject({ mode: "user", result: 0 });
    }
  });
});

flaw(
  "F14",
  "a listed worker made RUNNING without a server reaches user mode",
  { posted: "user", hardened: "asleep" },
  (f) => {
    const w = f.worker();
    f.takeFromList(w);
    f.s.store32(stateOf(w.record), UMCG_TASK_RUNNING);
    f.s.unblock(w.tid);
    f.s.run();
    return f.mode(w);
  },
);

flaw(
  "F15",
  "a switch wakes whoever has the tid, from whatever it sleeps in",
  { posted: ["user", undefined], hardened: ["asleep", -ESRCH] },
  (f) => {
    const s = f.server();
    const stranger = f.plain();
    f.s.step(stranger, { do: "block" });
    f.s.store32(stateOf(s.record), UMCG_TASK_IDLE);
    f.s.store32(nextTidOf(s.record), stranger);
    const result = f.wait(s.tid);
    return [f.mode(stranger), result];
  },
);

flaw(
  "F17",
  "a fault between announcing the sleep and the look: the waiter is taken for one that woke up, and listed",
  { posted: [true], hardened: [false] },
  (f) => {
    const parties = pair(f);
    const { w } = parties;
    const { machine } = f.s;
    meanwhile(f, "getUser32", stateOf(w.record), () => machine.swapOut(w.record, 64));
    park(f, parties);
    return [f.listed().includes(w.record)];
  },
);

flaw(
  "F18",
  "flags that nobody knows",
  { posted: [undefined, "asleep"], hardened: [-EINVAL, "user"] },
  (f) => {
    const s = f.server();
    f.s.store32(stateOf(s.record), UMCG_TASK_IDLE);
    const result = f.wait(s.tid, 0x40);
    return [result, f.mode(s)];
  },
);

describe("F38: a timeout and a wake-up at once", () => {
  it("v0.4 tested the timeout first: -ETIMEDOUT to a server that somebody had made RUNNING", () => {
    const [STATE, FIRED] = [node(0), node(1)];
    const outcomes = new Set<string>();
    allInterleavings(
      () => {
        const { user, longs } = makeLists(stepped);
        for (const word of [STATE, FIRED]) longs[word / 8] = 0n;
        const waiter = function* (): Coroutine<string> {
          if ((yield* user.load64(FIRED)) === 1n) return "timed out";
          return (yield* user.load64(STATE)) === 1n ? "woken" : "sleeps";
        };
        const waker = function* (): Coroutine<string> {
          return (yield* user.xchg64(STATE, 1n)) === 0n ? "woke it" : "";
        };
        const timer = function* (): Coroutine<string> {
          yield* user.store64(FIRED, 1n);
          return "";
        };
        return [waker(), timer(), waiter()];
      },
      ({ results }) => outcomes.add(`${results[0]}, ${results[2]}`),
    );
    expect(outcomes).toContain("woke it, timed out");
  });

  it("hardened: whoever changes the word wins, at whatever distance", () => {
    const outcomes = new Set<string>();
    for (let offset = -4_000; offset <= 4_000; offset += 50) {
      const f = new Fixture({ umcg: "hardened", check: true, vcpus: 2, timerSlackNs: 0 });
      const [s, waker] = [f.server(), f.server()];
      const deadline = f.s.machine.host.now + 100_000;
      f.s.store32(nextTidOf(waker.record), s.tid);
      let won = false;
      f.s.submit(waker.tid, {
        do: "call",
        *call(env) {
          yield* env.work(deadline + offset - env.now());
          won = (yield* env.memory.cmpxchg32(stateOf(s.record), UMCG_TASK_IDLE, UMCG_TASK_RUNNING)) === 0;
          return won ? yield* env.umcg.wait(1) : 0;
        },
      });
      f.s.store32(stateOf(s.record), UMCG_TASK_IDLE);
      f.wait(s.tid, 0, deadline);
      const { mode, result } = f.s.inspect(s.tid);
      expect([mode, f.state(s)]).toEqual(["user", UMCG_TASK_RUNNING]);
      outcomes.add(`${won} ${result}`);
    }
    expect([...outcomes].sort()).toEqual(["false -110", "true 0"].sort());
    expect(ETIMEDOUT).toBe(110);
  });
});

flaw(
  "F57",
  "a worker on its way into its wait is parked by a mere reschedule",
  { posted: ["asleep", true], hardened: ["user", false] },
  (f) => {
    const { w } = pair(f);
    f.s.store32(stateOf(w.record), UMCG_TASK_IDLE);
    f.s.step(w.tid, { do: "reschedule" });
    return [f.mode(w), f.listed().includes(w.record)];
  },
);

flaw(
  "F39",
  "a worker whose wait times out runs without a server",
  // v0.3 refuses timeouts; user space can only end the wait by a signal, and then has this.
  { posted: ["user", UMCG_TASK_IDLE], hardened: ["asleep", UMCG_TASK_IDLE | UMCG_TF_LISTED] },
  (f, profile) => {
    const parties = pair(f);
    f.s.disposition(parties.w.tid, 14, "handle");
    const deadline = f.s.machine.host.now + 50_000;
    park(f, parties, profile === "hardened" ? deadline : 0);
    if (profile === "posted") f.s.signal(parties.w.tid, 14);
    f.s.run();
    return [f.mode(parties.w), f.state(parties.w)];
  },
);
