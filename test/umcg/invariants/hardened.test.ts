/** Invariants that only the hardened profile has, or that v0.3 breaks by itself, each broken on purpose. See broken.test.ts. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  INVARIANTS,
  InvariantError,
  idleServersOf,
  idleWorkersOf,
  NULL,
  SIGKILL,
  stateOf,
  UMCG_CTL_UNREGISTER,
  UMCG_TASK_IDLE,
  UMCG_TASK_NONE,
  UMCG_TASK_RUNNING,
  UMCG_TF_LISTED,
  UMCG_TF_LOCKED,
  UMCG_TF_PREEMPTED,
} from "../../../src/index.ts";
import { Fixture } from "../fixture.ts";
import { blockAndWake, meanwhile, pair, park } from "../flaws/flaw.ts";

const PREEMPTED = UMCG_TASK_RUNNING | UMCG_TF_PREEMPTED;

/** The invariant that `act` breaks, and by whom. */
function broken(umcg: "posted" | "hardened", act: (f: Fixture) => void): string {
  const f = new Fixture({ umcg, check: true, vcpus: 2 });
  try {
    act(f);
  } catch (error) {
    if (!(error instanceof InvariantError)) throw error;
    return `I${error.invariant} ${error.by}`;
  }
  return "none";
}

describe("a worker that nobody looks at", () => {
  /** F28: a server that is published, and busy. In front of it, one that is idle. */
  const busyInFront = (f: Fixture): void => {
    const { w } = pair(f);
    const [idle, busy] = [f.server(), f.server()];
    f.idle(idle);
    f.idle(busy);
    f.s.store32(stateOf(busy.record), UMCG_TASK_RUNNING);
    f.s.unblock(busy.tid);
    blockAndWake(f, w);
  };
  it("I29 kernel: v0.3 finds the popped server busy, and lets the idle one sleep", () => {
    expect(broken("posted", busyInFront)).toBe("I29 kernel");
  });
  it("none: the hardened profile looks on", () => expect(broken("hardened", busyInFront)).toBe("none"));

  it("I29 kernel: F2, a collector unlinks what is behind the node that is popped", () => {
    const outcome = broken("posted", (f) => {
      const { w } = pair(f);
      const [deleted, idle] = [f.server(), f.server()];
      f.s.store64(f.idleServers, BigInt(idleServersOf(deleted.record)));
      f.s.store64(idleServersOf(deleted.record), 1n);
      f.idle(idle);
      const node = idleServersOf(idle.record);
      meanwhile(f, "getUser64", node, () => f.s.store64(node, 0n));
      blockAndWake(f, w);
    });
    expect(outcome).toBe("I29 kernel");
  });
});

describe("parking", () => {
  it("I31 kernel: v0.3's place for it, behind a block in the kernel", () => {
    const outcome = broken("hardened", (f) => {
      const { w } = pair(f);
      f.s.step(w.tid, { do: "block" });
      f.s.machine.checker!.descheduled(w.tid, "behind");
    });
    expect(outcome).toBe("I31 kernel");
  });
});

describe("lists", () => {
  it("I25 user: a worker is moved to another list without registering again; on v0.3 it may be", () => {
    const move = (f: Fixture): void => {
      const w = f.worker();
      f.takeFromList(w);
      f.s.store64(idleWorkersOf(w.record), BigInt(f.s.allocate(8)));
    };
    expect([broken("hardened", move), broken("posted", move)]).toEqual(["I25 user", "none"]);
  });
});

it("none: a list is taken when the last who was in it has died (I20)", () => {
  const outcome = broken("hardened", (f) => {
    const w = f.worker();
    const tid = f.plain();
    f.s.signal(w.tid, SIGKILL);
    f.s.run();
    f.s.step(tid, {
      do: "call",
      *call(env) {
        return Number(yield* env.memory.xchg64(f.idleWorkers, 0n));
      },
    });
    f.s.machine.checker!.sweep();
  });
  expect(outcome).toBe("none");
});

it("none: somebody's bit in a word that is NONE by now, of a server that the kernel is about to forget", () => {
  let word = -1;
  const outcome = broken("hardened", (f) => {
    const s = f.server();
    const state = stateOf(s.record);
    meanwhile(f, "getUser64", idleServersOf(s.record), () => {
      word = f.s.load32(state);
      f.s.store32(state, word | (1 << 24));
    });
    f.s.step(s.tid, { do: "umcg_ctl", flags: UMCG_CTL_UNREGISTER, self: NULL });
  });
  expect([outcome, word]).toEqual(["none", UMCG_TASK_NONE]);
});

describe("pins", () => {
  it("I32 kernel: a page that is still pinned when nobody is registered in it", () => {
    const outcome = broken("hardened", (f) => {
      const s = f.server();
      f.s.machine.kernel.pages.pin(s.record);
      f.s.step(s.tid, { do: "umcg_ctl", flags: UMCG_CTL_UNREGISTER, self: NULL });
    });
    expect(outcome).toBe("I32 kernel");
  });
  it("I32 kernel: one that is pinned no more while somebody is", () => {
    const outcome = broken("hardened", (f) => {
      const [s] = [f.server(), f.server()];
      f.s.machine.kernel.pages.unpin(s.record);
      f.s.step(s.tid, { do: "umcg_ctl", flags: UMCG_CTL_UNREGISTER, self: NULL });
    });
    expect(outcome).toBe("I32 kernel");
  });
});

describe("preemption", () => {
  it("I33 kernel: a kicked worker that goes on", () => {
    const outcome = broken("hardened", (f) => {
      const { w } = pair(f);
      const other = f.server();
      f.s.store32(stateOf(w.record), PREEMPTED);
      f.s.step(other.tid, { do: "umcg_kick", tid: w.tid });
      // As if the kick had been lost.
      f.s.machine.checker!.roster.of(w.tid)!.kickedNs = f.s.machine.host.now - 2_000_000;
      f.s.machine.checker!.acts(w.tid);
    });
    expect(outcome).toBe("I33 kernel");
  });
  it.each([UMCG_TF_PREEMPTED, UMCG_TF_LISTED])("I34 user: a run that leaves flag %i", (flag) => {
    const outcome = broken("hardened", (f) => {
      const parties = pair(f);
      park(f, parties);
      f.s.store32(stateOf(parties.s.record), UMCG_TASK_IDLE);
      f.s.store32(stateOf(parties.w.record), UMCG_TASK_RUNNING | flag);
    });
    expect(outcome).toBe("I34 user");
  });
  it("I1 user: LOCKED and PREEMPTED at once", () => {
    const both = PREEMPTED | UMCG_TF_LOCKED;
    expect(broken("hardened", (f) => f.s.store32(stateOf(pair(f).w.record), both))).toBe("I1 user");
  });
});

it("every invariant of the catalogue is broken on purpose, here or in broken.test.ts", () => {
  const read = (name: string): string => readFileSync(new URL(name, import.meta.url), "utf8");
  const text = read("./broken.test.ts") + read("./hardened.test.ts");
  const seen = new Set([...text.matchAll(/\bI(\d+)(?: (?:user|kernel)\b|, broken by)/g)].map(([, n]) => n));
  expect(Object.keys(INVARIANTS).filter((n) => !seen.has(n))).toEqual([]);
});
