/**
 * The way back from a sleep in sys_umcg_wait, in both ways it is taken: at once, when memory answers at once, and step by
 * step, as on a machine that is checked.
 */
import { describe, expect, test } from "vitest";
import {
  type Coroutine,
  ETIMEDOUT,
  nextTidOf,
  SIGUSR1,
  serverTidOf,
  stateOf,
  UMCG_TASK_IDLE,
  UMCG_TASK_RUNNING,
  UMCG_TF_LISTED,
} from "../../src/index.ts";
import { TRACE_SYS_EXIT } from "../../src/trace/events.ts";
import { Fixture, type Party } from "./fixture.ts";

describe.each([
  ["at once", false],
  ["step by step", "kernel"],
] as const)("back from a sleep, %s", (_how, check) => {
  /** A worker that waits of its own accord, for at most `absTimeoutNs`, and its server, in user mode. */
  function parked(absTimeoutNs = 0): { f: Fixture; s: Party; w: Party } {
    const f = new Fixture({ umcg: "hardened", check });
    const s = f.server();
    const w = f.worker();
    f.run(s, w);
    f.s.store32(stateOf(s.record), UMCG_TASK_RUNNING);
    f.s.store32(stateOf(w.record), UMCG_TASK_IDLE);
    f.s.submit(w.tid, { do: "umcg_wait", flags: 0, absTimeoutNs });
    f.s.machine.host.run(f.s.machine.host.now + 100_000);
    expect([f.mode(w), f.mode(s)]).toEqual(["asleep", "user"]);
    return { f, s, w };
  }

  test("a worker that a server runs is in user mode, with 0", () => {
    const { f, s, w } = parked();
    f.run(s, w);
    expect([f.mode(w), f.s.inspect(w.tid).result, f.state(w)]).toEqual(["user", 0, UMCG_TASK_RUNNING]);
    expect(f.listed()).toEqual([]);
  });

  test("it has no timer any more, if it came before its time", () => {
    const { f, s, w } = parked(10_000_000);
    expect(f.s.machine.kernel.timers.isArmed(w.tid)).toBe(true);
    f.s.store32(stateOf(s.record), UMCG_TASK_IDLE);
    f.s.store32(serverTidOf(w.record), s.tid);
    f.s.store32(stateOf(w.record), UMCG_TASK_RUNNING);
    f.s.store32(nextTidOf(s.record), w.tid);
    f.s.submit(s.tid, { do: "umcg_wait", flags: 0 });
    f.s.machine.host.run(f.s.machine.host.now + 100_000);
    expect([f.mode(w), f.s.inspect(w.tid).result]).toEqual(["user", 0]);
    expect(f.s.machine.kernel.timers.isArmed(w.tid)).toBe(false);
  });

  test("each of two that wait has its own timeout, also after a wait that has ended", () => {
    const f = new Fixture({ umcg: "hardened", check });
    const { host } = f.s.machine;
    const [one, other] = [f.server(), f.server()];
    const waits = (who: Party, absTimeoutNs: number): void => {
      f.s.store32(stateOf(who.record), UMCG_TASK_IDLE);
      f.s.submit(who.tid, { do: "umcg_wait", flags: 0, absTimeoutNs });
    };
    const outcome = (who: Party): unknown[] => [f.mode(who), f.s.inspect(who.tid).result];
    for (let round = 0; round < 2; round++) {
      waits(one, host.now + 50_000);
      if (round === 1) waits(other, 0);
      host.run(host.now + 1_000_000);
      expect(outcome(one)).toEqual(["user", -ETIMEDOUT]);
    }
    expect(f.mode(other)).toBe("asleep");
  });

  test("it takes its signals first", () => {
    const { f, s, w } = parked();
    const order: string[] = [];
    f.s.machine.trace.addSink({
      event(_time, kind, _cpu, tid) {
        if (kind === TRACE_SYS_EXIT && tid === w.tid) order.push("returns");
      },
    });
    const handler = function* (): Coroutine<void> {
      f.s.machine.trace.flush();
      order.push("handler");
    };
    f.s.machine.kernel.dispositions.set(w.tid, SIGUSR1, handler);
    f.s.machine.trace.flush();
    order.length = 0;
    f.s.store32(serverTidOf(w.record), s.tid);
    f.s.store32(stateOf(w.record), UMCG_TASK_RUNNING);
    f.s.signal(w.tid, SIGUSR1);
    f.s.run();
    f.s.machine.trace.flush();
    expect([f.mode(w), f.s.inspect(w.tid).result]).toEqual(["user", 0]);
    expect(order).toEqual(["handler", "returns"]);
  });

  test("without a server it is listed instead (F14)", () => {
    const { f, s, w } = parked();
    f.s.store32(serverTidOf(w.record), 0);
    f.s.store32(stateOf(w.record), UMCG_TASK_RUNNING);
    f.s.unblock(w.tid);
    f.s.run();
    expect([f.mode(w), f.state(w)]).toEqual(["asleep", UMCG_TASK_IDLE | UMCG_TF_LISTED]);
    expect(f.listed()).toEqual([w.record]);
    f.run(s, w);
    expect([f.mode(w), f.s.inspect(w.tid).result]).toEqual(["user", 0]);
  });

  test("woken for nothing it sleeps on", () => {
    const { f, s, w } = parked();
    f.s.unblock(w.tid);
    f.s.run();
    expect([f.mode(w), f.state(w)]).toEqual(["asleep", UMCG_TASK_IDLE]);
    f.run(s, w);
    expect(f.mode(w)).toBe("user");
  });
});
