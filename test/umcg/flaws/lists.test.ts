/** The lists. F1 to F6 and F9 on a machine; F5, which v0.3 does not have, as a model of what v0.5 did. */
import { describe, expect, it } from "vitest";
import {
  type Coroutine,
  idleServersOf,
  idleWorkersOf,
  llistPush,
  SIGKILL,
  SIGUSR1,
  stateOf,
  takeAll,
  UMCG_TASK_IDLE,
  UMCG_TASK_RUNNING,
  UMCG_TF_LISTED,
  wordFromAddr,
} from "../../../src/index.ts";
import { HEAD, makeLists, node, stepped } from "../../llist/fixture.ts";
import { allInterleavings } from "../../support/interleave.ts";
import { Fixture } from "../fixture.ts";
import { awake, blockAndWake, flaw, meanwhile, pair, park } from "./flaw.ts";

const POISON = 0xdead_dead_dead_dea0n;

flaw(
  "F1",
  "a node is reclaimed and reused under the kernel's pop",
  { posted: { idleWoken: false, intact: false }, hardened: { idleWoken: true, intact: true } },
  (f) => {
    const { w } = pair(f);
    const idle = f.server();
    f.idle(idle);
    const gone = f.server();
    f.idle(gone);
    f.s.store64(idleServersOf(gone.record), f.s.load64(idleServersOf(gone.record)) | 1n);
    f.s.signal(gone.tid, SIGKILL);
    f.s.run();
    meanwhile(f, "getUser64", f.idleServers, () => {
      f.s.store64(f.idleServers, BigInt(idleServersOf(idle.record)));
      f.s.store64(idleServersOf(gone.record), POISON);
    });
    blockAndWake(f, w);
    // The kernel marks a word of whoever has the memory now, and the wake-up goes nowhere.
    const intact = f.s.load64(idleServersOf(gone.record)) === POISON;
    return { idleWoken: f.mode(idle) === "user", intact };
  },
);

flaw(
  "F2",
  "a pop that loses to a collector skips a live server",
  { posted: [false], hardened: [true] },
  (f) => {
    const { w } = pair(f);
    const [deleted, idle] = [f.server(), f.server()];
    f.s.store64(f.idleServers, BigInt(idleServersOf(deleted.record)));
    f.s.store64(idleServersOf(deleted.record), 1n);
    f.idle(idle);
    // The collector unlinks the deleted one behind it.
    meanwhile(f, "getUser64", idleServersOf(idle.record), () => f.s.store64(idleServersOf(idle.record), 0n));
    blockAndWake(f, w);
    return awake(f, idle);
  },
);

flaw("F3", "a push that loses too often kills", { posted: "dead", hardened: "asleep" }, (f) => {
  const { w } = pair(f);
  const others = Array.from({ length: 8 }, () => f.worker());
  f.s.store64(f.idleWorkers, 0n);
  // Each time the kernel is about to publish, somebody else has pushed: as often as it tries, on four CPUs.
  others.forEach((other, i) => {
    meanwhile(
      f,
      "putUser64",
      idleWorkersOf(w.record),
      () => {
        f.s.store64(idleWorkersOf(other.record), f.s.load64(f.idleWorkers));
        f.s.store64(f.idleWorkers, BigInt(idleWorkersOf(other.record)));
      },
      i + 1,
    );
  });
  f.s.step(w.tid, { do: "block", interruptible: true });
  f.s.unblock(w.tid);
  f.s.run();
  return f.mode(w);
});

flaw(
  "F4",
  "without an idle server list the popped server is whatever the stack held",
  { posted: "dead", hardened: "asleep" },
  (f) => f.mode(f.worker({ servers: 0 as never })),
  { uninitialisedLocal: "garbage" },
);

describe("F5: a push by exchange breaks the list between two steps", () => {
  const PENDING = 1n;
  /** Taker: how often it met a node whose successor nobody knows yet. */
  function run(push: (lists: ReturnType<typeof makeLists>) => Coroutine<number>): number {
    let pending = 0;
    allInterleavings(
      () => {
        const lists = makeLists(stepped);
        lists.chain(1);
        const taker = function* (): Coroutine<number> {
          const first = yield* takeAll(lists.user, HEAD);
          return first === 0 || (yield* lists.user.load64(first)) !== PENDING ? 0 : 1;
        };
        return [push(lists), taker()];
      },
      ({ results }) => {
        pending += results[1]!;
      },
    );
    return pending;
  }

  it("v0.5: the taker finds PENDING, and spins for as long as the pusher does not run", () => {
    const exchanging = function* ({ user }: ReturnType<typeof makeLists>): Coroutine<number> {
      yield* user.store64(node(0), PENDING);
      const old = yield* user.xchg64(HEAD, wordFromAddr(node(0)));
      yield* user.store64(node(0), old);
      return 0;
    };
    expect(run(exchanging)).toBeGreaterThan(0);
  });

  it("both profiles push by compare-exchange: never", () => {
    expect(run((lists) => llistPush(lists.access, HEAD, node(0), 8))).toBe(0);
  });
});

flaw(
  "F6",
  "a signal to a worker that parked: it runs user code while it is IDLE and listed",
  {
    posted: { mode: "user", word: UMCG_TASK_IDLE, listed: true },
    hardened: { mode: "asleep", word: UMCG_TASK_IDLE | UMCG_TF_LISTED, listed: true },
  },
  (f) => {
    const parties = pair(f);
    f.s.disposition(parties.w.tid, SIGUSR1, "handle");
    park(f, parties);
    f.s.signal(parties.w.tid, SIGUSR1);
    f.s.run();
    const { w } = parties;
    return { mode: f.mode(w), word: f.state(w), listed: f.listed().includes(w.record) };
  },
);

flaw(
  "F9",
  "a node that was not re-pointed is taken for a list head",
  // Which worker's node the kernel wrote to, and what became of the one that broke the rule.
  { posted: { victim: true, breaker: "asleep" }, hardened: { victim: false, breaker: "dead" } },
  (f) => {
    const { w } = pair(f);
    const victim = f.worker();
    const before = f.s.load64(idleWorkersOf(victim.record));
    f.s.store64(idleWorkersOf(w.record), BigInt(idleWorkersOf(victim.record)));
    blockAndWake(f, w);
    return { victim: f.s.load64(idleWorkersOf(victim.record)) !== before, breaker: f.mode(w) };
  },
);

describe("F7: the state changes before the link", () => {
  it.each(["posted", "hardened"] as const)(
    "%s: by design; a checker finds who runs a listed worker",
    (umcg) => {
      const f = new Fixture({ umcg, check: true });
      const w = f.worker();
      expect(() => f.s.store32(stateOf(w.record), UMCG_TASK_RUNNING)).toThrow(/^I17, broken by user space/);
    },
  );
});
