/** Every row of sys_umcg_ctl's error table, and what registration does. */
import { describe, expect, it } from "vitest";
import {
  EFAULT,
  EINVAL,
  idleServersOf,
  idleWorkersOf,
  NULL,
  SIGSEGV,
  serverTidOf,
  stateOf,
  UMCG_CTL_REGISTER,
  UMCG_CTL_UNREGISTER,
  UMCG_CTL_WORKER,
  UMCG_TASK_BLOCKED,
  UMCG_TASK_IDLE,
  UMCG_TASK_NONE,
  UMCG_TASK_RUNNING,
  WF_CURRENT_CPU,
} from "../../src/index.ts";
import { Fixture } from "./fixture.ts";

function ctl(f: Fixture, flags: number, self: number): number | undefined {
  return f.s.step(f.plain(), { do: "umcg_ctl", flags, self: self as never });
}

describe("sys_umcg_ctl: -EINVAL", () => {
  it.each([
    ["no flags", 0],
    ["WORKER alone", UMCG_CTL_WORKER],
    ["REGISTER and UNREGISTER", UMCG_CTL_REGISTER | UMCG_CTL_UNREGISTER],
    ["UNREGISTER and WORKER", UMCG_CTL_UNREGISTER | UMCG_CTL_WORKER],
    ["an unknown bit", UMCG_CTL_REGISTER | 0x4],
    ["an unknown high bit", UMCG_CTL_REGISTER | 0x80000000],
  ])("bad flag combination: %s", (_name, flags) => {
    const f = new Fixture();
    expect(ctl(f, flags, f.record({ state: UMCG_TASK_RUNNING }))).toBe(-EINVAL);
  });

  it("double registration, as server or as worker", () => {
    const f = new Fixture();
    const s = f.server();
    expect(f.register(s.tid, s.record, 0)).toBe(-EINVAL);
    const w = f.worker();
    f.run(s, w);
    expect(f.mode(w)).toBe("user");
    expect(f.register(w.tid, w.record, UMCG_CTL_WORKER)).toBe(-EINVAL);
  });

  it("unregister when not registered, and with a non-NULL self", () => {
    const f = new Fixture();
    expect(ctl(f, UMCG_CTL_UNREGISTER, NULL)).toBe(-EINVAL);
    const s = f.server();
    expect(f.s.step(s.tid, { do: "umcg_ctl", flags: UMCG_CTL_UNREGISTER, self: s.record })).toBe(-EINVAL);
    expect(f.s.inspect(s.tid).record).toBe(s.record);
  });

  it("non-zero server_tid or next_tid", () => {
    const f = new Fixture();
    expect(ctl(f, UMCG_CTL_REGISTER, f.record({ state: UMCG_TASK_RUNNING, server: 1 }))).toBe(-EINVAL);
    expect(ctl(f, UMCG_CTL_REGISTER, f.record({ state: UMCG_TASK_RUNNING, next: 1 }))).toBe(-EINVAL);
  });

  it.each([
    ["server", 0, [UMCG_TASK_NONE, UMCG_TASK_IDLE, UMCG_TASK_BLOCKED, 0x101, 0x01000001, 4]],
    ["worker", UMCG_CTL_WORKER, [UMCG_TASK_NONE, UMCG_TASK_RUNNING, UMCG_TASK_BLOCKED, 0x102, 0x01000002]],
  ])("a %s with another initial state word", (_name, kind, states) => {
    for (const state of states) {
      const f = new Fixture();
      const record = f.record({ state });
      f.s.store64(idleWorkersOf(record), BigInt(f.idleWorkers));
      expect(ctl(f, UMCG_CTL_REGISTER | kind, record)).toBe(-EINVAL);
    }
  });
});

describe("sys_umcg_ctl: other results", () => {
  it("-EFAULT when the struct cannot be read: NULL, unmapped, half unmapped, out of the address space", () => {
    const f = new Fixture();
    expect(ctl(f, UMCG_CTL_REGISTER, NULL)).toBe(-EFAULT);
    const page = f.s.allocate(8192, 4096);
    f.s.protect(page, 4096, "unmapped");
    expect(ctl(f, UMCG_CTL_REGISTER, page)).toBe(-EFAULT);
    expect(ctl(f, UMCG_CTL_REGISTER, page + 4096 - 32)).toBe(-EFAULT);
    expect(ctl(f, UMCG_CTL_REGISTER, 2 ** 50)).toBe(-EFAULT);
  });

  it("+1, the supported version, when another is asked for", () => {
    const f = new Fixture();
    expect(ctl(f, UMCG_CTL_REGISTER, f.record({ state: UMCG_TASK_RUNNING, version: 0 }))).toBe(1);
    expect(ctl(f, UMCG_CTL_REGISTER, f.record({ state: UMCG_TASK_RUNNING, version: 9999 }))).toBe(1);
  });

  it("0 for a server, which goes on at once", () => {
    const f = new Fixture();
    const s = f.server();
    expect(f.s.inspect(s.tid)).toMatchObject({ mode: "user", record: s.record, worker: false, result: 0 });
  });

  it("a worker is listed, an idle server woken, and 0 returned when a server runs it", () => {
    const f = new Fixture();
    const s = f.server();
    f.idle(s);
    f.s.takeWakes();
    const w = f.worker();
    expect(f.s.inspect(w.tid)).toMatchObject({ mode: "asleep", record: w.record, result: undefined });
    expect(f.listed()).toEqual([w.record]);
    expect(f.s.takeWakes()).toEqual([{ by: w.tid, target: s.tid, flags: WF_CURRENT_CPU, woke: true }]);
    expect(f.s.inspect(s.tid)).toMatchObject({ mode: "user", result: 0 });
    expect(f.state(s)).toBe(UMCG_TASK_RUNNING);
    f.run(s, w);
    expect(f.s.inspect(w.tid)).toMatchObject({ mode: "user", worker: true, result: 0 });
  });

  it("unregister returns 0 and forgets the record without touching a word", () => {
    const f = new Fixture();
    const s = f.server();
    const w = f.worker();
    f.run(s, w);
    f.s.takeChanges();
    f.s.takeWakes();
    expect(f.s.step(w.tid, { do: "umcg_ctl", flags: UMCG_CTL_UNREGISTER, self: NULL })).toBe(0);
    expect(f.s.inspect(w.tid)).toMatchObject({ record: 0, worker: false, mode: "user" });
    // F43: its server is left asleep.
    expect(f.s.takeChanges()).toEqual([]);
    expect(f.s.takeWakes()).toEqual([]);
    expect(f.mode(s)).toBe("asleep");
  });
});

describe("sys_umcg_ctl: SIGSEGV at registration", () => {
  function killed(f: Fixture, prepare: (record: number) => void): number {
    const tid = f.plain();
    const record = f.record({ state: UMCG_TASK_IDLE });
    f.s.store64(idleWorkersOf(record), BigInt(f.idleWorkers));
    f.s.store64(idleServersOf(record), BigInt(f.idleServers));
    prepare(record);
    f.register(tid, record, UMCG_CTL_WORKER);
    return f.s.inspect(tid).mode === "dead" ? f.s.inspect(tid).fatalSignal : 0;
  }

  it("idle_workers_ptr NULL, unmapped, misaligned", () => {
    for (const pointer of [0n, 8n, 0xffff_ffff_ffff_fff8n]) {
      const f = new Fixture();
      expect(killed(f, (r) => f.s.store64(idleWorkersOf(r as never), pointer))).toBe(SIGSEGV);
    }
    const f = new Fixture();
    const odd = BigInt(f.idleWorkers) + 4n;
    expect(killed(f, (r) => f.s.store64(idleWorkersOf(r as never), odd))).toBe(SIGSEGV);
  });

  it("a marked head of the idle server list", () => {
    const f = new Fixture();
    const s = f.server();
    expect(killed(f, () => f.s.store64(f.idleServers, BigInt(idleServersOf(s.record)) | 1n))).toBe(SIGSEGV);
  });

  it("eight deleted nodes in front of the end; seven are an empty list", () => {
    for (const [deleted, signal] of [
      [7, 0],
      [8, SIGSEGV],
    ] as const) {
      const f = new Fixture();
      let next = 0n;
      for (let i = 0; i < deleted; i++) {
        const node = f.s.allocate(64, 64);
        f.s.store64(node, next | 1n);
        next = BigInt(node);
      }
      f.s.store64(f.idleServers, next);
      expect(killed(f, () => {})).toBe(signal);
    }
  });

  it("a popped server whose word is neither IDLE nor RUNNING (F20), after the push", () => {
    const f = new Fixture();
    const s = f.server();
    f.idle(s);
    f.s.store32(stateOf(s.record), UMCG_TASK_IDLE | 0x01000000);
    expect(killed(f, () => {})).toBe(SIGSEGV);
    expect(f.listed()).toHaveLength(1);
  });

  it("F4: idle_servers_ptr 0 is harmless where locals are cleared, deadly where they are not", () => {
    for (const [uninitialisedLocal, signal] of [
      ["zero", 0],
      ["garbage", SIGSEGV],
    ] as const) {
      const f = new Fixture({ uninitialisedLocal });
      expect(killed(f, (r) => f.s.store64(idleServersOf(r as never), 0n))).toBe(signal);
    }
  });

  it("a popped server with tid 0 in its record becomes RUNNING and nobody is woken", () => {
    const f = new Fixture();
    const s = f.server();
    f.idle(s);
    f.s.store32(serverTidOf(s.record), 0);
    expect(killed(f, () => {})).toBe(0);
    expect(f.state(s)).toBe(UMCG_TASK_RUNNING);
    expect(f.mode(s)).toBe("asleep");
  });
});
