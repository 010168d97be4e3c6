/** Flaws of versions after v0.3, where this ABI has the words to have them: that it does not. */
import { describe, expect, it } from "vitest";
import {
  EINTR,
  EINVAL,
  EOPNOTSUPP,
  ETIMEDOUT,
  nextTidOf,
  SIGUSR1,
  serverTidOf,
  stateOf,
  UMCG_TASK_BLOCKED,
  UMCG_TASK_IDLE,
  UMCG_TASK_RUNNING,
  UMCG_TF_LISTED,
  UMCG_TF_PREEMPTED,
} from "../../../src/index.ts";
import type { HardenedUmcg } from "../../../src/umcg/hardened.ts";
import { Fixture } from "../fixture.ts";
import { awake, flaw, type Profile, pair, park } from "./flaw.ts";

const PROFILES: readonly Profile[] = ["posted", "hardened"];
const hardened = (): Fixture => new Fixture({ umcg: "hardened", check: true });
const PREEMPTED = UMCG_TASK_RUNNING | UMCG_TF_PREEMPTED;

describe("F8: a preempted worker is taken before its old server has looked", () => {
  it("hardened: the old server has no word of the worker's to clear", () => {
    const f = hardened();
    const { s, w } = pair(f);
    const other = f.server();
    f.s.store32(stateOf(w.record), PREEMPTED);
    f.s.step(other.tid, { do: "umcg_kick", tid: w.tid });
    f.s.step(w.tid, { do: "interrupt" });
    expect([...awake(f, s, w), f.listed()]).toEqual([true, false, [w.record]]);
    f.run(other, w);
    // The old server looks now, and goes idle; the worker blocks on the new one.
    f.idle(s);
    f.s.step(w.tid, { do: "block" });
    expect([f.s.load32(serverTidOf(w.record)), ...awake(f, s, other)]).toEqual([other.tid, false, true]);
  });
});

describe("F34: a flag of user space's in the word of a worker that is to be preempted", () => {
  it("hardened: is kept, and in nobody's way", () => {
    const f = hardened();
    const { w } = pair(f);
    const [other, mark] = [f.server(), 0x41000000];
    f.s.store32(stateOf(w.record), mark | PREEMPTED);
    f.s.step(other.tid, { do: "umcg_kick", tid: w.tid });
    f.s.step(w.tid, { do: "interrupt" });
    const listed = mark | UMCG_TASK_IDLE | UMCG_TF_PREEMPTED | UMCG_TF_LISTED;
    expect([f.state(w), f.listed()]).toEqual([listed, [w.record]]);
  });
});

flaw(
  "F37",
  "on one CPU nobody can preempt a worker that never blocks",
  // What the wait with a tick said, and whether the worker was off its CPU before it had finished.
  { posted: [-EOPNOTSUPP, false], hardened: [-ETIMEDOUT, true] },
  (f) => {
    const s = f.server();
    const w = f.worker();
    f.takeFromList(w);
    let said = 0;
    let lasted = 0;
    f.s.submit(s.tid, {
      do: "call",
      *call(env) {
        const { memory } = env;
        const began = env.now();
        yield* memory.store32(stateOf(s.record), UMCG_TASK_IDLE);
        yield* memory.store32(serverTidOf(w.record), s.tid);
        yield* memory.store32(stateOf(w.record), UMCG_TASK_RUNNING);
        yield* memory.store32(nextTidOf(s.record), w.tid);
        said = yield* env.umcg.wait(0, env.now() + 1_000_000);
        // v0.3 refuses: without a tick, the server is back when the worker lets it.
        if (said !== -ETIMEDOUT) return yield* env.umcg.wait(0);
        yield* memory.cmpxchg32(stateOf(w.record), UMCG_TASK_RUNNING, PREEMPTED);
        yield* env.umcg.kick(0, w.tid);
        lasted = env.now() - began;
        return 0;
      },
    });
    f.s.run();
    if (f.mode(w) === "user") {
      f.s.submit(w.tid, {
        do: "call",
        *call(env) {
          yield* env.work(50_000_000);
          return 0;
        },
      });
      f.s.run();
    }
    return [said, lasted > 0 && lasted < 2_000_000 && f.listed().includes(w.record)];
  },
  { vcpus: 1 },
);

describe("F42: a signal ends a wait that has a deadline", () => {
  it("hardened: the deadline is a time, so that the next wait ends with it all the same", () => {
    const f = hardened();
    const s = f.server();
    const deadline = f.s.machine.host.now + 2_000_000;
    f.s.disposition(s.tid, SIGUSR1, "handle");
    f.s.store32(stateOf(s.record), UMCG_TASK_IDLE);
    f.s.submit(s.tid, { do: "umcg_wait", flags: 0, absTimeoutNs: deadline });
    f.s.machine.host.run(deadline - 1_000_000);
    f.s.signal(s.tid, SIGUSR1);
    f.s.machine.host.run(deadline - 900_000);
    expect(f.s.inspect(s.tid).result).toBe(-EINTR);
    expect(f.wait(s.tid, 0, deadline)).toBe(-ETIMEDOUT);
    expect(f.s.machine.host.now - deadline).toBeLessThan(100_000);
  });
});

describe("F47: a wait that is refused", () => {
  it.each(PROFILES)("%s: the worker's blocking is reported all the same", (umcg) => {
    const f = new Fixture({ umcg, check: true });
    const { s, w } = pair(f);
    const refused = umcg === "posted" ? f.wait(w.tid, 0, 5) : f.wait(w.tid, 0, -1);
    expect(refused).toBe(umcg === "posted" ? -EOPNOTSUPP : -EINVAL);
    f.s.step(w.tid, { do: "block" });
    expect([f.state(w), ...awake(f, s)]).toEqual([UMCG_TASK_BLOCKED, true]);
  });
});

describe("F48: a program that breaks the contract again and again", () => {
  it("hardened: is logged 256 times", () => {
    const f = new Fixture({ umcg: "hardened", check: false });
    const { breaches } = f.s.machine.userSpace.umcg as HardenedUmcg;
    const tid = f.plain();
    for (let i = 0; i < 300; i++) breaches.kill(tid, 1);
    expect(breaches.log).toHaveLength(256);
  });
});

describe("F54: a worker that hands its server on is stolen before it has done so", () => {
  it.each(PROFILES)("%s: it is on no list meanwhile", (umcg) => {
    const f = new Fixture({ umcg, check: true });
    const parties = pair(f);
    park(f, parties);
    const { s, w: next } = parties;
    const w = f.worker();
    f.run(s, w);
    f.s.store32(serverTidOf(next.record), s.tid);
    f.s.store32(stateOf(w.record), UMCG_TASK_IDLE);
    f.s.store32(stateOf(next.record), UMCG_TASK_RUNNING);
    f.s.store32(nextTidOf(w.record), next.tid);
    f.wait(w.tid);
    expect([...awake(f, w, next), f.listed()]).toEqual([false, true, []]);
  });
});
