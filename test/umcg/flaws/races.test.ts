/**
 * Races between user space and user space, or the kernel, in which the order of two steps is all: F11, F13, F53, F55.
 *
 * The bad outcome comes from a model with the steps in the wrong order (a reverted fix), the good one from the right order,
 * in every interleaving; then both profiles do it on a machine.
 */
import { describe, expect, it } from "vitest";
import {
  type Addr,
  type Coroutine,
  idleServersOf,
  idleWorkersOf,
  nextTidOf,
  serverTidOf,
  stateOf,
  takeAll,
  UMCG_TASK_IDLE,
  UMCG_TASK_RUNNING,
  UMCG_TF_LOCKED,
  type UserMemory,
} from "../../../src/index.ts";
import { HEAD, makeLists, node, stepped } from "../../llist/fixture.ts";
import { allInterleavings } from "../../support/interleave.ts";
import { Fixture, type Party } from "../fixture.ts";
import { awake, meanwhile, type Profile, pair } from "./flaw.ts";

const PROFILES: readonly Profile[] = ["posted", "hardened"];

/** In how many interleavings of two actors the words, zero at first, end up `bad`. */
function bad(
  actors: (user: UserMemory, word: (i: number) => Addr) => readonly Coroutine<number>[],
  judge: (results: readonly (number | undefined)[], load: (i: number) => bigint) => boolean,
): number {
  let count = 0;
  let { longs } = makeLists(stepped);
  allInterleavings(
    () => {
      const lists = makeLists(stepped);
      longs = lists.longs;
      for (let i = 0; i < 4; i++) longs[node(i) / 8] = 0n;
      return actors(lists.user, node);
    },
    ({ results }) => {
      count += judge(results, (i) => longs[node(i) / 8]!) ? 1 : 0;
    },
  );
  return count;
}

describe("F11: a last push and a server that goes idle miss each other", () => {
  /** How often the worker is listed, the server asleep, and nobody told. */
  const lost = (workerFirst: "push" | "look", serverFirst: "publish" | "look"): number =>
    bad(
      (user, word) => {
        const [list, idle, told] = [word(0), word(1), word(2)];
        const worker = function* (): Coroutine<number> {
          if (workerFirst === "push") yield* user.store64(list, 1n);
          if ((yield* user.load64(idle)) === 1n) yield* user.store64(told, 1n);
          if (workerFirst === "look") yield* user.store64(list, 1n);
          return 0;
        };
        const server = function* (): Coroutine<number> {
          if (serverFirst === "publish") yield* user.store64(idle, 1n);
          const found = (yield* user.load64(list)) === 1n;
          if (serverFirst === "look" && !found) yield* user.store64(idle, 1n);
          return found ? 1 : 0;
        };
        return [worker(), server()];
      },
      ([, found], load) => found === 0 && load(2) === 0n,
    );

  it("a server that looks at the list, then publishes itself, is left asleep", () => {
    expect(lost("push", "look")).toBeGreaterThan(0);
  });
  it("so it is when the kernel looks for a server before it pushes", () => {
    expect(lost("look", "publish")).toBeGreaterThan(0);
  });
  it("not when both publish first, as both profiles and the library do", () => {
    expect(lost("push", "publish")).toBe(0);
  });

  it.each(PROFILES)(
    "%s: a server that publishes itself at any step of the push is found, or finds",
    (umcg) => {
      for (const [accessor, field] of [
        ["getUser64", idleWorkersOf],
        ["putUser64", idleWorkersOf],
        ["getUser64", idleServersOf],
      ] as const) {
        const f = new Fixture({ umcg });
        const { w } = pair(f);
        const idle = f.server();
        let found = false;
        f.s.store32(stateOf(idle.record), UMCG_TASK_IDLE);
        meanwhile(f, accessor, field(w.record), () => {
          f.s.store64(f.idleServers, BigInt(idleServersOf(idle.record)));
          found = f.s.load64(f.idleWorkers) !== 0n;
        });
        f.s.step(w.tid, { do: "block" });
        f.s.unblock(w.tid);
        f.s.run();
        expect([f.listed(), found || f.state(idle) === UMCG_TASK_RUNNING]).toEqual([[w.record], true]);
      }
    },
  );
});

describe("F13: two wakers of one task", () => {
  const winners = (step: (user: UserMemory, a: Addr) => Coroutine<number>) =>
    bad(
      (user, word) => [step(user, word(0)), step(user, word(0))],
      (results) => results.filter((won) => won === 1).length !== 1,
    );
  it("looking and then storing, both believe that it was they", () => {
    const stores = function* (user: UserMemory, a: Addr): Coroutine<number> {
      if ((yield* user.load64(a)) !== 0n) return 0;
      yield* user.store64(a, 1n);
      return 1;
    };
    expect(winners(stores)).toBeGreaterThan(0);
  });
  it("by compare-exchange exactly one wins", () => {
    const exchanges = function* (user: UserMemory, a: Addr): Coroutine<number> {
      return (yield* user.cmpxchg64(a, 0n, 1n)) === 0 ? 1 : 0;
    };
    expect(winners(exchanges)).toBe(0);
  });
  it.each(PROFILES)("%s: the second wake-up of a server finds it awake, and is no error", (umcg) => {
    const f = new Fixture({ umcg, check: true });
    const [s, one, two] = [f.server(), f.server(), f.server()];
    f.s.store32(stateOf(s.record), UMCG_TASK_IDLE);
    f.wait(s.tid);
    f.s.store32(stateOf(s.record), UMCG_TASK_RUNNING);
    for (const waker of [one, two]) {
      f.s.store32(nextTidOf(waker.record), s.tid);
      expect(f.wait(waker.tid, 1)).toBe(0);
    }
    expect(f.s.inspect(s.tid)).toMatchObject({ mode: "user", result: 0 });
    expect(f.s.takeWakes().map(({ woke }) => woke)).toEqual([true, false]);
  });
});

describe("F53: two servers pick one worker", () => {
  /** How often both takers have node 0, the only one in the list. */
  const twice = (take: (user: UserMemory) => Coroutine<number>): number => {
    let count = 0;
    allInterleavings(
      () => {
        const lists = makeLists(stepped);
        lists.chain(1);
        return [take(lists.user), take(lists.user)];
      },
      ({ results: [one, two] }) => {
        count += one !== 0 && one === two ? 1 : 0;
      },
    );
    return count;
  };
  it("unlinking the first node by load and store, both may have it", () => {
    const unlink = function* (user: UserMemory): Coroutine<number> {
      const first = yield* user.load64(HEAD);
      if (first === 0n) return 0;
      yield* user.store64(HEAD, yield* user.load64(Number(first) as Addr));
      return Number(first);
    };
    expect(twice(unlink)).toBeGreaterThan(0);
  });
  it("taking the list by exchange, one has it", () => {
    expect(twice((user) => takeAll(user, HEAD))).toBe(0);
  });
});

describe("F55: a worker waits while another swaps into it", () => {
  const claims = (f: Fixture, w: Party): boolean => {
    if (f.state(w) !== UMCG_TASK_IDLE) return false;
    f.s.store32(stateOf(w.record), UMCG_TASK_IDLE | UMCG_TF_LOCKED);
    return true;
  };
  it("hardened: the state decides: a worker on its way is locked by itself, then whoever claims it has it", () => {
    const f = new Fixture({ umcg: "hardened", check: true });
    const { s, w } = pair(f);
    const [other, v] = [f.server(), f.worker()];
    f.run(other, v);
    // W has its server's word and its own behind it, and not called yet.
    f.s.store32(stateOf(w.record), UMCG_TASK_RUNNING | UMCG_TF_LOCKED);
    expect(claims(f, w)).toBe(false);
    f.s.store32(stateOf(s.record), UMCG_TASK_RUNNING);
    f.s.store32(stateOf(w.record), UMCG_TASK_IDLE | UMCG_TF_LOCKED);
    expect(claims(f, w)).toBe(false);
    f.wait(w.tid);
    // Now V, on the other server, swaps into it; a second claim fails.
    expect([claims(f, w), claims(f, w)]).toEqual([true, false]);
    f.s.store32(stateOf(v.record), UMCG_TASK_RUNNING | UMCG_TF_LOCKED);
    f.s.store32(stateOf(v.record), UMCG_TASK_IDLE | UMCG_TF_LOCKED);
    f.s.store32(serverTidOf(w.record), other.tid);
    f.s.store32(nextTidOf(v.record), w.tid);
    f.s.store32(stateOf(w.record), UMCG_TASK_RUNNING);
    f.wait(v.tid);
    expect(awake(f, w, v, s, other)).toEqual([true, false, true, false]);
    expect(f.s.load32(serverTidOf(w.record))).toBe(other.tid);
  });
  it.each(PROFILES)("%s: who writes the link of a worker that runs takes its server from it", (umcg) => {
    const f = new Fixture({ umcg });
    const { s, w } = pair(f);
    const [other, v] = [f.server(), f.worker()];
    f.run(other, v);
    // V means to swap into W, which is RUNNING and not in its wait yet; W blocks.
    f.s.store32(serverTidOf(w.record), other.tid);
    f.s.step(w.tid, { do: "block" });
    expect([...awake(f, s, other), f.mode(v)]).toEqual([false, true, "user"]);
  });
});
