/** Every row of sys_umcg_wait's result table, and the wait/wake protocol. */
import { describe, expect, it } from "vitest";
import {
  EFAULT,
  EINTR,
  EINVAL,
  EOPNOTSUPP,
  ESRCH,
  idleServersOf,
  idleWorkersOf,
  nextTidOf,
  SIGUSR1,
  serverTidOf,
  stateOf,
  UMCG_TASK_IDLE,
  UMCG_TASK_RUNNING,
  UMCG_TF_LOCKED,
  UMCG_WAIT_WAKE_ONLY,
  UMCG_WAIT_WF_CURRENT_CPU,
  WF_CURRENT_CPU,
} from "../../src/index.ts";
import { Fixture, type Party } from "./fixture.ts";

/** A server asleep in a plain wait. */
function sleeper(f: Fixture): Party {
  const s = f.server();
  f.s.store32(stateOf(s.record), UMCG_TASK_IDLE);
  f.wait(s.tid);
  f.s.takeWakes();
  return s;
}

describe("sys_umcg_wait: errors", () => {
  it("-EINVAL when the caller is not registered", () => {
    const f = new Fixture();
    expect(f.wait(f.plain())).toBe(-EINVAL);
    expect(f.wait(f.plain(), UMCG_WAIT_WAKE_ONLY)).toBe(-EINVAL);
  });

  it("-EFAULT when the own record cannot be read", () => {
    const f = new Fixture();
    const tid = f.plain();
    const page = f.s.allocate(4096, 4096);
    f.s.store32(stateOf(page), UMCG_TASK_RUNNING);
    f.s.store32((page + 4) as never, 1);
    expect(f.register(tid, page, 0)).toBe(0);
    f.s.protect(page, 4096, "unmapped");
    expect(f.wait(tid)).toBe(-EFAULT);
    expect(f.wait(tid, UMCG_WAIT_WAKE_ONLY)).toBe(-EFAULT);
    expect(f.mode(tid)).toBe("user");
  });

  it("-EINVAL: WAKE_ONLY without a target, with a timeout, with another flag", () => {
    const f = new Fixture();
    const s = f.server();
    expect(f.wait(s.tid, UMCG_WAIT_WAKE_ONLY)).toBe(-EINVAL);
    f.s.store32(nextTidOf(s.record), s.tid);
    expect(f.wait(s.tid, UMCG_WAIT_WAKE_ONLY, 1)).toBe(-EINVAL);
    expect(f.wait(s.tid, UMCG_WAIT_WAKE_ONLY | 4)).toBe(-EINVAL);
    expect(f.wait(s.tid, UMCG_WAIT_WAKE_ONLY | 0x80000000)).toBe(-EINVAL);
  });

  it("-ESRCH: WAKE_ONLY of a task that does not exist, has exited, or is not registered", () => {
    const f = new Fixture();
    const s = f.server();
    const plain = f.plain();
    const gone = f.plain();
    f.s.step(gone, { do: "exit" });
    for (const target of [999, 0xffff_ffff, gone, plain]) {
      f.s.store32(nextTidOf(s.record), target);
      expect(f.wait(s.tid, UMCG_WAIT_WAKE_ONLY)).toBe(-ESRCH);
    }
  });

  it("-ESRCH: a switch to a task that does not exist, before any sleep (I14)", () => {
    const f = new Fixture();
    const s = f.server();
    f.s.store32(stateOf(s.record), UMCG_TASK_IDLE);
    f.s.store32(nextTidOf(s.record), 999);
    expect(f.wait(s.tid)).toBe(-ESRCH);
    expect(f.mode(s)).toBe("user");
    expect(f.state(s)).toBe(UMCG_TASK_IDLE);
  });

  it("-EOPNOTSUPP: any timeout in a waiting path, and the target is not woken", () => {
    const f = new Fixture();
    const target = sleeper(f);
    const s = f.server();
    f.s.store32(stateOf(s.record), UMCG_TASK_IDLE);
    expect(f.wait(s.tid, 0, 1)).toBe(-EOPNOTSUPP);
    f.s.store32(nextTidOf(s.record), target.tid);
    expect(f.wait(s.tid, 0, 1)).toBe(-EOPNOTSUPP);
    expect(f.s.takeWakes()).toEqual([]);
  });

  it("-EINTR: a signal while not RUNNING", () => {
    const f = new Fixture();
    const s = sleeper(f);
    f.s.disposition(s.tid, SIGUSR1, "handle");
    f.s.signal(s.tid, SIGUSR1);
    f.s.run();
    expect(f.s.inspect(s.tid)).toMatchObject({ mode: "user", result: -EINTR });
    expect(f.state(s)).toBe(UMCG_TASK_IDLE);
  });

  it("-EINTR even when marked RUNNING too: the signal is looked at first", () => {
    const f = new Fixture();
    const s = sleeper(f);
    f.s.disposition(s.tid, SIGUSR1, "handle");
    f.s.store32(stateOf(s.record), UMCG_TASK_RUNNING);
    f.s.signal(s.tid, SIGUSR1);
    f.s.run();
    expect(f.s.inspect(s.tid).result).toBe(-EINTR);
  });

  it("-EFAULT: LOCKED cannot be removed, because the record has become read-only", () => {
    const f = new Fixture();
    const s = f.server();
    const tid = f.plain();
    const page = f.s.allocate(4096, 4096);
    f.s.store32((page + 4) as never, 1);
    f.s.store32(stateOf(page), UMCG_TASK_IDLE);
    f.s.store64(idleWorkersOf(page), BigInt(f.idleWorkers));
    f.s.store64(idleServersOf(page), BigInt(f.idleServers));
    f.register(tid, page, 0x10000);
    const w = { tid, record: page };
    f.run(s, w);
    f.s.store32(stateOf(page), UMCG_TASK_IDLE | UMCG_TF_LOCKED);
    f.s.store32(serverTidOf(page), 0);
    f.s.protect(page, 4096, "readonly");
    expect(f.wait(tid)).toBe(-EFAULT);
  });
});

describe("sys_umcg_wait: waking", () => {
  it("WAKE_ONLY wakes without flags, WF_CURRENT_CPU with it; the caller's own state does not matter (I13)", () => {
    for (const [flags, wake] of [
      [UMCG_WAIT_WAKE_ONLY, 0],
      [UMCG_WAIT_WAKE_ONLY | UMCG_WAIT_WF_CURRENT_CPU, WF_CURRENT_CPU],
    ] as const) {
      const f = new Fixture();
      const target = sleeper(f);
      const s = f.server();
      f.s.store32(stateOf(target.record), UMCG_TASK_RUNNING);
      f.s.store32(nextTidOf(s.record), target.tid);
      f.s.store32(stateOf(s.record), UMCG_TASK_IDLE);
      f.s.takeChanges();
      expect(f.wait(s.tid, flags)).toBe(0);
      expect(f.s.takeWakes()).toEqual([{ by: s.tid, target: target.tid, flags: wake, woke: true }]);
      expect(f.s.takeChanges()).toEqual([]);
      expect(f.s.inspect(target.tid)).toMatchObject({ mode: "user", result: 0 });
    }
  });

  it("a wake that finds nobody asleep is 0 too, and is recorded", () => {
    const f = new Fixture();
    const s = f.server();
    const awake = f.server();
    f.s.store32(nextTidOf(s.record), awake.tid);
    f.s.takeWakes();
    expect(f.wait(s.tid, UMCG_WAIT_WAKE_ONLY)).toBe(0);
    expect(f.s.takeWakes()).toEqual([{ by: s.tid, target: awake.tid, flags: 0, woke: false }]);
  });

  it("wait and wake commute: a state set before the wait ends it at once (I12)", () => {
    const f = new Fixture();
    const s = f.server();
    f.s.store32(stateOf(s.record), UMCG_TASK_RUNNING);
    expect(f.wait(s.tid)).toBe(0);
  });

  it("a spurious wake does not end a server's wait (I10)", () => {
    const f = new Fixture();
    const s = sleeper(f);
    expect(f.s.unblock(s.tid)).toBe(true);
    f.s.run();
    expect(f.mode(s)).toBe("asleep");
  });

  it("a switch wakes next_tid with WF_CURRENT_CPU and sleeps", () => {
    const f = new Fixture();
    const a = sleeper(f);
    const b = f.server();
    f.s.store32(stateOf(b.record), UMCG_TASK_IDLE);
    f.s.store32(stateOf(a.record), UMCG_TASK_RUNNING);
    f.s.store32(nextTidOf(b.record), a.tid);
    expect(f.wait(b.tid)).toBeUndefined();
    expect(f.s.takeWakes()).toEqual([{ by: b.tid, target: a.tid, flags: WF_CURRENT_CPU, woke: true }]);
    expect([f.mode(a), f.mode(b)]).toEqual(["user", "asleep"]);
  });

  it("F15: a switch may wake a task that is not registered", () => {
    const f = new Fixture();
    const plain = f.plain();
    f.s.step(plain, { do: "block" });
    const s = f.server();
    f.s.store32(stateOf(s.record), UMCG_TASK_IDLE);
    f.s.store32(nextTidOf(s.record), plain);
    f.wait(s.tid);
    expect(f.mode(plain)).toBe("user");
  });

  it("F18: unknown flags without WAKE_ONLY are ignored", () => {
    const f = new Fixture();
    const s = f.server();
    expect(f.wait(s.tid, 0xfffffffc)).toBe(0);
  });

  it("a worker with next_tid 0 falls back to server_tid; a server does not", () => {
    const f = new Fixture();
    const s = f.server();
    const w = f.worker();
    f.run(s, w);
    f.s.store32(stateOf(s.record), UMCG_TASK_RUNNING);
    f.s.store32(stateOf(w.record), UMCG_TASK_IDLE);
    f.s.takeWakes();
    f.wait(w.tid);
    expect(f.s.takeWakes()).toEqual([{ by: w.tid, target: s.tid, flags: WF_CURRENT_CPU, woke: true }]);
    expect([f.mode(w), f.mode(s)]).toEqual(["asleep", "user"]);
    f.s.store32(stateOf(s.record), UMCG_TASK_IDLE);
    f.wait(s.tid);
    expect(f.s.takeWakes()).toEqual([]);
  });

  it("LOCKED is removed on entry, even from a RUNNING word", () => {
    const f = new Fixture();
    const s = f.server();
    const w = f.worker();
    f.run(s, w);
    f.s.store32(serverTidOf(w.record), 0);
    f.s.store32(stateOf(w.record), UMCG_TASK_RUNNING | UMCG_TF_LOCKED);
    expect(f.wait(w.tid)).toBe(0);
    expect(f.state(w)).toBe(UMCG_TASK_RUNNING);
  });
});
