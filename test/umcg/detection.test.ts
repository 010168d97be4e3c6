/** Block and wake detection, and what running the posted code showed. */
import { describe, expect, it } from "vitest";
import {
  EINTR,
  idleServersOf,
  idleWorkersOf,
  SIGSEGV,
  SIGUSR1,
  serverTidOf,
  stateOf,
  UMCG_TASK_BLOCKED,
  UMCG_TASK_IDLE,
  UMCG_TASK_RUNNING,
  UMCG_TF_LOCKED,
  WF_CURRENT_CPU,
} from "../../src/index.ts";
import { Fixture, type Party } from "./fixture.ts";

/** A server asleep with its worker in user mode. */
function pair(f: Fixture): { s: Party; w: Party } {
  const s = f.server();
  const w = f.worker();
  f.run(s, w);
  f.s.takeWakes();
  f.s.takeChanges();
  return { s, w };
}

describe("block detection", () => {
  it("T6 and T7: the worker becomes BLOCKED, its server RUNNING and woken", () => {
    const f = new Fixture();
    const { s, w } = pair(f);
    f.s.step(w.tid, { do: "block" });
    expect([f.state(w), f.state(s)]).toEqual([UMCG_TASK_BLOCKED, UMCG_TASK_RUNNING]);
    expect(f.s.takeWakes()).toEqual([{ by: w.tid, target: s.tid, flags: WF_CURRENT_CPU, woke: true }]);
    expect([f.mode(w), f.mode(s)]).toEqual(["asleep", "user"]);
  });

  it("keeps user bits (I8)", () => {
    const f = new Fixture();
    const { w } = pair(f);
    f.s.store32(stateOf(w.record), 0xab000000 + UMCG_TASK_RUNNING);
    f.s.step(w.tid, { do: "block" });
    expect(f.state(w)).toBe(0xab000000 + UMCG_TASK_BLOCKED);
    f.s.unblock(w.tid);
    f.s.run();
    expect(f.state(w)).toBe(0xab000000 + UMCG_TASK_IDLE);
  });

  it("does nothing for a LOCKED worker, nor for a server or a plain task", () => {
    const f = new Fixture();
    const { s, w } = pair(f);
    f.s.store32(stateOf(w.record), UMCG_TASK_RUNNING | UMCG_TF_LOCKED);
    f.s.step(w.tid, { do: "block" });
    f.s.unblock(w.tid);
    f.s.run();
    expect(f.mode(w)).toBe("user");
    const other = f.server();
    f.s.step(other.tid, { do: "block" });
    expect(f.s.takeChanges()).toEqual([]);
    expect(f.s.takeWakes().filter((wake) => wake.by !== 0)).toEqual([]);
    expect(f.mode(s)).toBe("asleep");
  });

  it("without a server, or with one that is unknown or unregistered, only the worker's word changes", () => {
    for (const serverTid of [0, 999]) {
      const f = new Fixture();
      const { w } = pair(f);
      f.s.store32(serverTidOf(w.record), serverTid);
      f.s.step(w.tid, { do: "block" });
      expect(f.state(w)).toBe(UMCG_TASK_BLOCKED);
      expect(f.s.takeWakes()).toEqual([]);
      expect(f.mode(w)).toBe("asleep");
    }
  });

  it("F40: a server found RUNNING is ignored", () => {
    const f = new Fixture();
    const { s, w } = pair(f);
    f.s.store32(stateOf(s.record), UMCG_TASK_RUNNING);
    f.s.step(w.tid, { do: "block" });
    expect(f.s.takeWakes()).toEqual([]);
    expect(f.s.inspect(w.tid)).toMatchObject({ mode: "asleep", fatalSignal: 0 });
  });

  it("F20: a server word with user bits kills the worker, which is still listed", () => {
    const f = new Fixture();
    const { s, w } = pair(f);
    const idle = f.server();
    f.idle(idle);
    f.s.store32(stateOf(s.record), UMCG_TASK_IDLE | 0x01000000);
    f.s.step(w.tid, { do: "block", interruptible: true });
    expect(f.s.inspect(w.tid)).toMatchObject({ mode: "dead", fatalSignal: SIGSEGV });
    expect(f.state(w)).toBe(UMCG_TASK_IDLE);
    expect(f.listed()).toEqual([w.record]);
    expect(f.state(idle)).toBe(UMCG_TASK_RUNNING);
    expect(f.s.inspect(w.tid).atExit).toEqual({ record: w.record, worker: true });
  });

  it("a fault on the server's word kills the worker", () => {
    const f = new Fixture();
    const tid = f.plain();
    const page = f.s.allocate(4096, 4096);
    f.s.store32((page + 4) as never, 1);
    f.s.store32(stateOf(page), UMCG_TASK_RUNNING);
    f.register(tid, page, 0);
    const s = { tid, record: page };
    const w = f.worker();
    f.run(s, w);
    f.s.protect(page, 4096, "unmapped");
    f.s.step(w.tid, { do: "block", interruptible: true });
    expect(f.s.inspect(w.tid).fatalSignal).toBe(SIGSEGV);
  });
});

describe("wake detection", () => {
  it("T8 and T9: the worker becomes IDLE, is listed, one idle server is popped, marked and woken", () => {
    const f = new Fixture();
    const { w } = pair(f);
    const first = f.server();
    const second = f.server();
    f.idle(first);
    f.idle(second);
    f.s.step(w.tid, { do: "block" });
    f.s.takeWakes();
    f.s.unblock(w.tid);
    f.s.run();
    expect(f.state(w)).toBe(UMCG_TASK_IDLE);
    expect(f.listed()).toEqual([w.record]);
    // A stack: the last to become idle is the first to be woken, and its node stays, marked.
    expect([f.state(first), f.state(second)]).toEqual([UMCG_TASK_IDLE, UMCG_TASK_RUNNING]);
    expect(f.s.load64(idleServersOf(second.record)) & 1n).toBe(1n);
    expect(f.s.takeWakes().map(({ by, target }) => [by, target])).toEqual([
      [0, w.tid],
      [w.tid, second.tid],
    ]);
    expect(f.mode(w)).toBe("asleep");
  });

  it("F30: without an idle server the worker waits in the list", () => {
    const f = new Fixture();
    const { w } = pair(f);
    f.s.step(w.tid, { do: "block" });
    f.s.takeWakes();
    f.s.unblock(w.tid);
    f.s.run();
    expect(f.listed()).toEqual([w.record]);
    expect(f.s.takeWakes().filter((wake) => wake.by !== 0)).toEqual([]);
  });

  it("a server found RUNNING swallows the wake: no other is tried (F28)", () => {
    const f = new Fixture();
    const { w } = pair(f);
    const first = f.server();
    const second = f.server();
    f.idle(first);
    f.idle(second);
    f.s.store32(stateOf(second.record), UMCG_TASK_RUNNING);
    f.s.step(w.tid, { do: "block" });
    f.s.unblock(w.tid);
    f.s.run();
    expect(f.state(first)).toBe(UMCG_TASK_IDLE);
    expect(f.mode(first)).toBe("asleep");
  });

  it("T10: a worker woken RUNNING without a server is re-parked and listed", () => {
    const f = new Fixture();
    const { s, w } = pair(f);
    f.s.store32(stateOf(w.record), UMCG_TASK_IDLE);
    f.s.store32(stateOf(s.record), UMCG_TASK_RUNNING);
    f.wait(w.tid);
    f.s.store32(serverTidOf(w.record), 0);
    f.s.store32(stateOf(w.record), UMCG_TASK_RUNNING);
    f.s.unblock(w.tid);
    f.s.run();
    expect(f.state(w)).toBe(UMCG_TASK_IDLE);
    expect(f.listed()).toEqual([w.record]);
    expect(f.mode(w)).toBe("asleep");
  });

  it("F14: listed in the hook and made RUNNING without a server, it reaches user mode", () => {
    const f = new Fixture();
    const w = f.worker();
    f.s.store32(stateOf(w.record), UMCG_TASK_RUNNING);
    f.s.unblock(w.tid);
    f.s.run();
    expect(f.mode(w)).toBe("user");
  });

  it("F6: a spurious wake of a voluntary waiter lists it", () => {
    const f = new Fixture();
    const { s, w } = pair(f);
    f.s.store32(stateOf(w.record), UMCG_TASK_IDLE);
    f.s.store32(stateOf(s.record), UMCG_TASK_RUNNING);
    f.wait(w.tid);
    f.s.unblock(w.tid);
    f.s.run();
    expect(f.listed()).toEqual([w.record]);
    expect(f.s.inspect(w.tid).sleepsIn).toBe("umcg idle (wake hook)");
  });

  it("F6: a signal to a parked worker: listed, a server popped, and -EINTR", () => {
    const f = new Fixture();
    const { s, w } = pair(f);
    const idle = f.server();
    f.idle(idle);
    f.s.disposition(w.tid, SIGUSR1, "handle");
    f.s.store32(stateOf(w.record), UMCG_TASK_IDLE);
    f.s.store32(stateOf(s.record), UMCG_TASK_RUNNING);
    f.wait(w.tid);
    f.s.signal(w.tid, SIGUSR1);
    f.s.run();
    expect(f.s.inspect(w.tid)).toMatchObject({ mode: "user", result: -EINTR });
    expect(f.state(w)).toBe(UMCG_TASK_IDLE);
    expect(f.listed()).toEqual([w.record]);
    expect(f.state(idle)).toBe(UMCG_TASK_RUNNING);
  });

  it("a reschedule parks a worker that has marked itself IDLE but not called wait", () => {
    const f = new Fixture();
    const { w } = pair(f);
    f.s.store32(stateOf(w.record), UMCG_TASK_IDLE);
    f.s.step(w.tid, { do: "reschedule" });
    expect(f.mode(w)).toBe("asleep");
    expect(f.listed()).toEqual([w.record]);
  });

  it("a reschedule of a RUNNING worker with a server passes through", () => {
    const f = new Fixture();
    const { w } = pair(f);
    expect(f.s.step(w.tid, { do: "reschedule" })).toBe(0);
    expect(f.s.takeChanges()).toEqual([]);
  });

  it("any state byte but RUNNING becomes IDLE, 0 and garbage included", () => {
    for (const word of [0, 0x77, UMCG_TASK_BLOCKED]) {
      const f = new Fixture();
      const { w } = pair(f);
      f.s.store32(stateOf(w.record), word);
      f.s.step(w.tid, { do: "reschedule" });
      expect(f.state(w)).toBe(UMCG_TASK_IDLE);
    }
  });

  it("a parked IDLE|LOCKED worker that is woken goes back to sleep unlisted", () => {
    const f = new Fixture();
    const { s, w } = pair(f);
    f.s.store32(stateOf(w.record), UMCG_TASK_IDLE);
    f.s.store32(stateOf(s.record), UMCG_TASK_RUNNING);
    f.wait(w.tid);
    f.s.store32(stateOf(w.record), UMCG_TASK_IDLE | UMCG_TF_LOCKED);
    f.s.unblock(w.tid);
    f.s.run();
    expect(f.mode(w)).toBe("asleep");
    expect(f.listed()).toEqual([]);
    expect(f.state(w)).toBe(UMCG_TASK_IDLE | UMCG_TF_LOCKED);
  });

  it("the worker flag is off after a list failure, on after a bad server word", () => {
    const list = new Fixture();
    const a = pair(list);
    list.s.store64(idleWorkersOf(a.w.record), 0n);
    list.s.step(a.w.tid, { do: "block", interruptible: true });
    list.s.unblock(a.w.tid);
    list.s.run();
    expect(list.s.inspect(a.w.tid)).toMatchObject({ mode: "dead", atExit: { worker: false } });

    const word = new Fixture();
    const b = pair(word);
    const idle = word.server();
    word.idle(idle);
    word.s.store32(stateOf(idle.record), UMCG_TASK_IDLE | 0x01000000);
    word.s.step(b.w.tid, { do: "block", interruptible: true });
    word.s.unblock(b.w.tid);
    word.s.run();
    expect(word.s.inspect(b.w.tid)).toMatchObject({ mode: "dead", atExit: { worker: true } });
  });

  it("SIGSEGV may be caught: the thread lives on, outside the protocol", () => {
    const f = new Fixture();
    const { w } = pair(f);
    f.s.disposition(w.tid, SIGSEGV, "handle");
    f.s.store64(idleWorkersOf(w.record), 0n);
    f.s.step(w.tid, { do: "block", interruptible: true });
    f.s.unblock(w.tid);
    f.s.run();
    expect(f.s.inspect(w.tid)).toMatchObject({ mode: "user", worker: false, record: w.record });
  });

  it("F3: more lost races than twice the CPUs kill the worker; F1: a reclaimed node does too", () => {
    const f = new Fixture({ vcpus: 1 });
    const { w } = pair(f);
    f.s.store64(f.idleServers, 0xdead_dead_dead_dea0n);
    f.s.step(w.tid, { do: "block", interruptible: true });
    f.s.unblock(w.tid);
    f.s.run();
    expect(f.s.inspect(w.tid).fatalSignal).toBe(SIGSEGV);
  });
});

describe("exit", () => {
  it("F43: nobody is woken and no word changes", () => {
    const f = new Fixture();
    const { s, w } = pair(f);
    f.s.step(w.tid, { do: "exit" });
    expect(f.s.inspect(w.tid)).toMatchObject({ mode: "dead", fatalSignal: 0, record: 0, worker: false });
    expect(f.s.takeWakes()).toEqual([]);
    expect(f.s.takeChanges()).toEqual([]);
    expect(f.mode(s)).toBe("asleep");
  });

  it("a child is not a UMCG task, whatever its parent is", () => {
    const f = new Fixture();
    const { w } = pair(f);
    let child = 0;
    f.s.step(w.tid, {
      do: "call",
      *call(env) {
        child = yield* env.spawn(function* (own) {
          yield* own.work(1);
        });
        return 0;
      },
    });
    expect(f.s.inspect(child as never)).toMatchObject({ record: 0, worker: false });
  });
});
