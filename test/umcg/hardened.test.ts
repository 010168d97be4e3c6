/** Profile `hardened`: what v0.3 left to do, call by call. The races have tests of their own. */
import { describe, expect, it } from "vitest";
import {
  EINTR,
  EINVAL,
  ESRCH,
  ETIMEDOUT,
  idleServersOf,
  idleWorkersOf,
  nextTidOf,
  SIGKILL,
  SIGSEGV,
  SIGUSR1,
  serverTidOf,
  stateOf,
  UMCG_CTL_REGISTER,
  UMCG_CTL_UNREGISTER,
  UMCG_CTL_WORKER,
  UMCG_TASK_BLOCKED,
  UMCG_TASK_IDLE,
  UMCG_TASK_NONE,
  UMCG_TASK_RUNNING,
  UMCG_TF_LISTED,
  UMCG_TF_LOCKED,
  UMCG_TF_PREEMPTED,
} from "../../src/index.ts";
import type { HardenedUmcg } from "../../src/umcg/hardened.ts";
import type { CheckedUmcg } from "../../src/umcg/invariants/checked-umcg.ts";
import { Fixture, type Party } from "./fixture.ts";
import { meanwhile } from "./flaws/flaw.ts";

const hardened = (): Fixture => new Fixture({ umcg: "hardened" });

/** A server asleep with its worker in user mode. */
function pair(f: Fixture): { s: Party; w: Party } {
  const s = f.server();
  const w = f.worker();
  f.run(s, w);
  return { s, w };
}

/** The worker parks of its own accord; its server goes on. */
function park(f: Fixture, { s, w }: { s: Party; w: Party }, absTimeoutNs = 0): void {
  f.s.store32(stateOf(s.record), UMCG_TASK_RUNNING);
  f.s.store32(stateOf(w.record), UMCG_TASK_IDLE);
  f.wait(w.tid, 0, absTimeoutNs);
}

/** The server takes the worker it runs now, however it came to be ready. */
function rerun(f: Fixture, s: Party, w: Party): void {
  f.run(s, w);
}

describe("timeouts", () => {
  it("make a waiting server RUNNING, once: -ETIMEDOUT", () => {
    const f = hardened();
    const s = f.server();
    f.s.store32(stateOf(s.record), 0xab000000 + UMCG_TASK_IDLE);
    expect(f.wait(s.tid, 0, 5_000)).toBe(-ETIMEDOUT);
    expect(f.state(s)).toBe(0xab000000 + UMCG_TASK_RUNNING);
    expect(f.s.machine.host.now).toBeGreaterThanOrEqual(5_000);
  });

  it("of a server that is RUNNING by then are void: 0", () => {
    const f = hardened();
    const s = f.server();
    expect(f.wait(s.tid, 0, 1)).toBe(0);
  });

  it("list a waiting worker, which reports them only when a server has run it (F39)", () => {
    const f = hardened();
    const { s, w } = pair(f);
    park(f, { s, w }, 1_000_000);
    expect(f.state(w)).toBe(UMCG_TASK_IDLE | UMCG_TF_LISTED);
    expect(f.listed()).toEqual([w.record]);
    expect(f.mode(w)).toBe("asleep");
    rerun(f, s, w);
    expect(f.s.inspect(w.tid).result).toBe(-ETIMEDOUT);
  });

  it("leave a worker alone that user space has claimed", () => {
    const f = hardened();
    const { s, w } = pair(f);
    f.s.store32(stateOf(s.record), UMCG_TASK_RUNNING);
    f.s.store32(stateOf(w.record), UMCG_TASK_IDLE);
    f.s.submit(w.tid, { do: "umcg_wait", flags: 0, absTimeoutNs: 1_000_000 });
    f.s.machine.host.run(500_000);
    f.s.store32(stateOf(w.record), UMCG_TASK_IDLE | UMCG_TF_LOCKED);
    f.s.run();
    expect(f.state(w)).toBe(UMCG_TASK_IDLE | UMCG_TF_LOCKED);
    expect(f.listed()).toEqual([]);
    rerun(f, s, w);
    expect(f.s.inspect(w.tid).result).toBe(0);
  });

  it.each([Number.NaN, -1])("%s is -EINVAL", (ns) => {
    const f = hardened();
    const s = f.server();
    expect(f.wait(s.tid, 0, ns)).toBe(-EINVAL);
  });

  it("FOREVER is none", () => {
    const f = hardened();
    const s = f.server();
    f.s.store32(stateOf(s.record), UMCG_TASK_IDLE);
    expect(f.wait(s.tid, 0, Number.POSITIVE_INFINITY)).toBeUndefined();
    expect(f.mode(s)).toBe("asleep");
  });
});

describe("signals", () => {
  it("end a server's wait with -EINTR and leave its word alone", () => {
    const f = hardened();
    const s = f.server();
    f.s.disposition(s.tid, SIGUSR1, "handle");
    f.s.store32(stateOf(s.record), UMCG_TASK_IDLE);
    f.wait(s.tid);
    f.s.signal(s.tid, SIGUSR1);
    f.s.run();
    expect([f.s.inspect(s.tid).result, f.state(s)]).toEqual([-EINTR, UMCG_TASK_IDLE]);
  });

  it("list a worker that waits of its own accord; its handler runs when it does (F6)", () => {
    const f = hardened();
    const { s, w } = pair(f);
    f.s.disposition(w.tid, SIGUSR1, "handle");
    park(f, { s, w });
    expect(f.listed()).toEqual([]);
    f.s.signal(w.tid, SIGUSR1);
    f.s.run();
    expect([f.state(w), f.mode(w)]).toEqual([UMCG_TASK_IDLE | UMCG_TF_LISTED, "asleep"]);
    expect(f.listed()).toEqual([w.record]);
    rerun(f, s, w);
    expect(f.s.inspect(w.tid).result).toBe(-EINTR);
  });

  it("do not disturb a listed worker: they wait until it is run", () => {
    const f = hardened();
    const { s, w } = pair(f);
    f.s.disposition(w.tid, SIGUSR1, "handle");
    f.s.step(w.tid, { do: "block" });
    f.s.unblock(w.tid);
    f.s.run();
    f.s.signal(w.tid, SIGUSR1);
    f.s.run();
    expect([f.state(w), f.mode(w), f.listed()]).toEqual([
      UMCG_TASK_IDLE | UMCG_TF_LISTED,
      "asleep",
      [w.record],
    ]);
    rerun(f, s, w);
    expect(f.mode(w)).toBe("user");
  });

  it("a stray wake-up of a waiting worker is no event", () => {
    const f = hardened();
    const { s, w } = pair(f);
    park(f, { s, w });
    f.s.unblock(w.tid);
    f.s.run();
    expect([f.state(w), f.mode(w), f.listed()]).toEqual([UMCG_TASK_IDLE, "asleep", []]);
  });
});

describe("preemption", () => {
  it("a kick with PREEMPTED lists the worker and wakes its server", () => {
    const f = hardened();
    const { s, w } = pair(f);
    const other = f.plain();
    f.s.store32(stateOf(w.record), UMCG_TASK_RUNNING | UMCG_TF_PREEMPTED);
    expect(f.s.step(other, { do: "umcg_kick", tid: w.tid })).toBe(0);
    f.s.step(w.tid, { do: "interrupt" });
    const listed = UMCG_TASK_IDLE | UMCG_TF_PREEMPTED | UMCG_TF_LISTED;
    expect([f.state(w), f.state(s)]).toEqual([listed, UMCG_TASK_RUNNING]);
    expect(f.listed()).toEqual([w.record]);
    rerun(f, s, w);
    expect([f.state(w), f.mode(w)]).toEqual([UMCG_TASK_RUNNING, "user"]);
  });

  it("one that blocks first is BLOCKED, with its flag, and its server is woken once", () => {
    const f = hardened();
    const { s, w } = pair(f);
    f.s.store32(stateOf(w.record), UMCG_TASK_RUNNING | UMCG_TF_PREEMPTED);
    f.s.step(w.tid, { do: "block" });
    expect([f.state(w), f.state(s)]).toEqual([UMCG_TASK_BLOCKED | UMCG_TF_PREEMPTED, UMCG_TASK_RUNNING]);
    f.s.unblock(w.tid);
    f.s.run();
    expect(f.state(w)).toBe(UMCG_TASK_IDLE | UMCG_TF_PREEMPTED | UMCG_TF_LISTED);
    expect(f.listed()).toEqual([w.record]);
  });

  it.each([UMCG_TASK_RUNNING, UMCG_TASK_RUNNING | UMCG_TF_LOCKED | UMCG_TF_PREEMPTED, UMCG_TASK_IDLE])(
    "a kick does nothing to a worker whose word is %#x",
    (word) => {
      const f = hardened();
      const { w } = pair(f);
      f.s.store32(stateOf(w.record), word);
      expect(f.s.step(w.tid, { do: "umcg_kick", tid: w.tid })).toBe(0);
      expect([f.mode(w), f.state(w), f.listed()]).toEqual(["user", word, []]);
    },
  );

  it("a kick refuses flags, servers, strangers and numbers that are no tids", () => {
    const f = hardened();
    const { s, w } = pair(f);
    const other = f.plain();
    const kick = (tid: number, flags = 0): number | undefined =>
      f.s.step(other, { do: "umcg_kick", flags, tid });
    expect([
      kick(w.tid, 1),
      kick(s.tid),
      kick(other),
      kick(0),
      kick(-1),
      kick(1e9),
      kick(Number.NaN),
    ]).toEqual([-EINVAL, -ESRCH, -ESRCH, -ESRCH, -ESRCH, -ESRCH, -ESRCH]);
  });
});

describe("the end of a worker", () => {
  it("running: its server is woken and finds NONE (F43)", () => {
    const f = hardened();
    const { s, w } = pair(f);
    f.s.step(w.tid, { do: "exit" });
    expect([f.state(w), f.state(s), f.mode(s), f.listed()]).toEqual([
      UMCG_TASK_NONE,
      UMCG_TASK_RUNNING,
      "user",
      [],
    ]);
  });

  it("unregistering: the same, unless it is LOCKED", () => {
    for (const [lock, server] of [
      [0, UMCG_TASK_RUNNING],
      [UMCG_TF_LOCKED, UMCG_TASK_IDLE],
    ] as const) {
      const f = hardened();
      const { s, w } = pair(f);
      f.s.store32(stateOf(w.record), UMCG_TASK_RUNNING | lock);
      f.s.step(w.tid, { do: "umcg_ctl", flags: UMCG_CTL_UNREGISTER, self: 0 as never });
      expect([f.state(w), f.state(s)]).toEqual([UMCG_TASK_NONE, server]);
    }
  });

  it.each(["waiting", "blocked"])("%s: it is listed a last time", (how) => {
    const f = hardened();
    const { s, w } = pair(f);
    if (how === "waiting") park(f, { s, w });
    else f.s.step(w.tid, { do: "block", interruptible: true });
    f.s.signal(w.tid, SIGKILL);
    f.s.run();
    const none = UMCG_TASK_NONE | UMCG_TF_LISTED;
    expect([f.mode(w), f.state(w), f.listed()]).toEqual(["dead", none, [w.record]]);
  });

  it.each(["listed", "claimed"])("%s: whoever takes it finds NONE", (how) => {
    const f = hardened();
    const { s, w } = pair(f);
    if (how === "claimed") {
      park(f, { s, w });
      f.s.store32(stateOf(w.record), UMCG_TASK_IDLE | UMCG_TF_LOCKED);
    } else {
      f.s.step(w.tid, { do: "block" });
      f.s.unblock(w.tid);
      f.s.run();
    }
    f.s.signal(w.tid, SIGKILL);
    f.s.run();
    const listed = how === "claimed" ? [] : [w.record];
    expect([f.mode(w), f.state(w), f.listed()]).toEqual(["dead", UMCG_TASK_NONE | UMCG_TF_LISTED, listed]);
  });
});

describe("the end of a worker on its way out of its server", () => {
  it.each([
    [UMCG_TASK_RUNNING | UMCG_TF_LOCKED, UMCG_TASK_RUNNING],
    [UMCG_TASK_IDLE | UMCG_TF_LOCKED, UMCG_TASK_RUNNING],
    [UMCG_TASK_IDLE, UMCG_TASK_RUNNING],
  ])("with its word at %#x and the server's at %#x: the server goes on", (own, servers) => {
    const f = hardened();
    const { s, w } = pair(f);
    f.s.store32(stateOf(s.record), servers);
    f.s.store32(stateOf(w.record), own);
    f.s.signal(w.tid, SIGKILL);
    f.s.run();
    expect([f.mode(w), f.mode(s)]).toEqual(["dead", "user"]);
  });
});

describe("idle servers", () => {
  it("a server that turns out busy is passed over for the next (F28)", () => {
    const f = hardened();
    const [first, second] = [f.server(), f.server()];
    f.idle(first);
    f.idle(second);
    // The front of the list: it has found work by itself and not yet withdrawn.
    f.s.store32(stateOf(second.record), UMCG_TASK_RUNNING);
    f.worker();
    expect([f.state(first), f.mode(first)]).toEqual([UMCG_TASK_RUNNING, "user"]);
  });

  it("a server that died while it was listed is passed over, and more than 2 * nr_cpu_ids deleted nodes are", () => {
    const f = hardened();
    const servers = Array.from({ length: 12 }, () => f.server());
    for (const server of servers) f.idle(server);
    for (const server of servers.slice(1)) f.s.signal(server.tid, SIGKILL);
    f.s.run();
    f.worker();
    expect([f.state(servers[0]!), f.mode(servers[0]!)]).toEqual([UMCG_TASK_RUNNING, "user"]);
  });

  it("user bits in a server's word are kept and hide nothing (F20)", () => {
    const f = hardened();
    const { s, w } = pair(f);
    f.s.store32(stateOf(s.record), 0x5a000000 + UMCG_TASK_IDLE);
    f.s.step(w.tid, { do: "block" });
    expect([f.state(s), f.mode(s)]).toEqual([0x5a000000 + UMCG_TASK_RUNNING, "user"]);
  });

  it("none at all is no error, and so is no list (F4, F30)", () => {
    const f = hardened();
    const w = f.worker({ servers: 0 as never });
    expect([f.mode(w), f.listed()]).toEqual(["asleep", [w.record]]);
  });

  it("a list without an end kills the worker that has it, and nobody else", () => {
    const f = hardened();
    const s = f.server();
    f.idle(s);
    f.s.store64(idleServersOf(s.record), BigInt(idleServersOf(s.record)) | 1n);
    const w = f.worker();
    expect([f.mode(w), f.s.inspect(w.tid).fatalSignal, f.mode(s)]).toEqual(["dead", SIGSEGV, "asleep"]);
  });
});

describe("breaches", () => {
  const breaches = (f: Fixture): string[] =>
    ((f.s.machine.userSpace.umcg as CheckedUmcg).inner as HardenedUmcg).breaches.log.map(
      ({ message }) => message,
    );

  it("a server whose word is none of a server's dies, not its worker", () => {
    const f = hardened();
    const { s, w } = pair(f);
    f.s.store32(stateOf(s.record), 0x77);
    f.s.step(w.tid, { do: "block" });
    expect([f.mode(s), f.mode(w)]).toEqual(["dead", "asleep"]);
    expect(breaches(f)).toEqual([expect.stringContaining("neither IDLE nor RUNNING")]);
  });

  it("a node that was not re-pointed kills its worker (F9), and no handler saves it", () => {
    const f = hardened();
    const { w } = pair(f);
    f.s.disposition(w.tid, SIGSEGV, "handle");
    f.s.store64(idleWorkersOf(w.record), BigInt(f.idleServers));
    f.s.step(w.tid, { do: "block" });
    f.s.unblock(w.tid);
    f.s.run();
    expect([f.mode(w), f.s.inspect(w.tid).fatalSignal]).toEqual(["dead", SIGSEGV]);
    expect(breaches(f)[0]).toContain("does not point at the list head");
  });

  it("registration refuses what v0.3 answered with a signal, or not at all", () => {
    const f = hardened();
    const tid = f.plain();
    const kind = UMCG_CTL_WORKER;
    const record = f.record({ state: UMCG_TASK_IDLE });
    expect(f.register(tid, record, kind)).toBe(-EINVAL);
    f.s.store64(idleWorkersOf(record), BigInt(f.idleWorkers) + 4n);
    expect(f.register(tid, record, kind)).toBe(-EINVAL);
    f.s.store64(idleWorkersOf(record), BigInt(f.idleWorkers));
    const odd = (record + 8) as typeof record;
    expect(f.s.step(tid, { do: "umcg_ctl", flags: UMCG_CTL_REGISTER | kind, self: odd })).toBe(-EINVAL);
  });

  it("a switch to a task that is not registered has no effect (F15), nor has an unknown flag (F18)", () => {
    const f = hardened();
    const { s, w } = pair(f);
    f.s.store32(stateOf(w.record), UMCG_TASK_IDLE | UMCG_TF_LOCKED);
    f.s.store32(nextTidOf(w.record), f.plain());
    expect(f.wait(w.tid)).toBe(-ESRCH);
    expect(f.wait(w.tid, 4)).toBe(-EINVAL);
    expect([f.state(w), f.mode(s)]).toEqual([UMCG_TASK_IDLE | UMCG_TF_LOCKED, "asleep"]);
  });

  it("a switch whose target goes while it is made has happened: the caller is unlocked, and waits (I14)", () => {
    const f = hardened();
    const { s, w } = pair(f);
    f.s.store32(stateOf(w.record), UMCG_TASK_RUNNING | UMCG_TF_LOCKED);
    f.s.store32(stateOf(w.record), UMCG_TASK_IDLE | UMCG_TF_LOCKED);
    // Behind the first look at the word nothing but the unlocking and the wake-up is to come; it exits on another CPU.
    meanwhile(f, "getUser32", stateOf(w.record), () => f.s.machine.kernel.tasks.setUmcgTask(s.tid, 0));
    expect(f.wait(w.tid)).toBeUndefined();
    expect([f.state(w), f.mode(w)]).toEqual([UMCG_TASK_IDLE, "asleep"]);
  });

  it("a record's page cannot be swapped out while it is registered, and can afterwards (F21)", () => {
    const f = hardened();
    const { s, w } = pair(f);
    f.s.machine.swapOut(s.record, 64);
    f.s.machine.swapOut(w.record, 64);
    f.s.step(w.tid, { do: "block" });
    expect([f.state(w), f.state(s)]).toEqual([UMCG_TASK_BLOCKED, UMCG_TASK_RUNNING]);
    const { pages } = f.s.machine.kernel;
    expect(pages.isPinned(s.record)).toBe(true);
    for (const tid of [s.tid, w.tid]) f.s.signal(tid, SIGKILL);
    f.s.unblock(w.tid);
    f.s.run();
    expect(pages.isPinned(s.record)).toBe(false);
  });
});

it("a worker without a server never reaches user mode: it is listed (F14)", () => {
  const f = hardened();
  const w = f.worker();
  f.takeFromList(w);
  f.s.store32(stateOf(w.record), UMCG_TASK_RUNNING);
  f.s.unblock(w.tid);
  f.s.run();
  expect([f.state(w), f.mode(w)]).toEqual([UMCG_TASK_IDLE | UMCG_TF_LISTED, "asleep"]);
  expect(f.listed()).toEqual([w.record]);
  const s = f.server();
  f.run(s, w);
  expect([f.mode(w), f.s.load32(serverTidOf(w.record))]).toEqual(["user", s.tid]);
});
