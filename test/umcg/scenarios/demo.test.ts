/**
 * The demonstration of December 2021: one server; a worker that computes, and two that sleep for 2 s and 3 s. FIFO.
 *
 * With a tick of 1 s that preempts on `hardened` alone: v0.3 has neither timeouts nor preemption. With a worker that gives way
 * by itself every 10^7 rounds on both.
 */
import { describe, expect, it } from "vitest";
import {
  type Coroutine,
  type Env,
  ETIMEDOUT,
  nextTidOf,
  serverTidOf,
  stateOf,
  UMCG_TASK_IDLE,
  UMCG_TASK_RUNNING,
  UMCG_TF_PREEMPTED,
} from "../../../src/index.ts";
import { PROFILES, type Who, Yard } from "./user.ts";

const SECOND = 1_000_000_000;

interface Demo {
  readonly yard: Yard;
  readonly a: Who;
  /** Who ended when, in ms, and how often A gave its CPU up. */
  readonly ended: (readonly [name: string, ms: number])[];
  turns: number;
}

/** A computes for `seconds`; `between` after each hundredth of a second. */
function demo(
  umcg: "posted" | "hardened",
  seconds: number,
  between: (yard: Yard, env: Env, self: Who) => Coroutine<void>,
): Demo {
  const yard = new Yard(umcg);
  const ended: (readonly [string, number])[] = [];
  const end = (name: string, env: Env): void => {
    ended.push([name, Math.floor(env.now() / 1_000_000)]);
  };
  const a = yard.worker(function* (env, self) {
    for (let i = 0; i < 100 * seconds; i++) {
      yield* env.work(SECOND / 100);
      yield* between(yard, env, self);
    }
    end("A", env);
  });
  for (const [name, ns] of [
    ["B", 2 * SECOND],
    ["C", 3 * SECOND],
  ] as const) {
    yard.worker(function* (env) {
      yield* env.sys.nanosleep(ns);
      end(name, env);
    });
  }
  return { yard, a, ended, turns: 0 };
}

describe.each(PROFILES)("%s", (umcg) => {
  it("demonstration, cooperative: the sleepers are run when A next gives way", () => {
    const show = demo(umcg, 4, (yard, env, self) => yard.park(env, self));
    const { yard, a } = show;
    yard.serve(function* (env) {
      const ready: Who[] = [];
      while (yard.gone.size < 3) {
        ready.push(...(ready.length === 0 ? yield* yard.poll(env) : yield* yard.look(env)));
        const next = ready.shift()!;
        if (next === a) show.turns++;
        yield* yard.run(env, next);
        // It parked; the sleepers come back by the list.
        if (next === a && !yard.gone.has(a)) ready.push(a);
      }
    });
    expect(show.ended.map(([name]) => name)).toEqual(["B", "C", "A"]);
    const [[, b], [, c]] = show.ended as [[string, number], [string, number], [string, number]];
    // A's turn that is under way, and the one that is queued by then: a hundredth of a second each.
    for (const late of [b - 2000, c - 3000]) expect(late >= 0 && late <= 21, `${late} ms late`).toBe(true);
    expect(show.turns).toBe(401);
  });
});

describe("hardened", () => {
  /** Runs `worker` with a tick of a second. True: the tick came, and it has been preempted. */
  function* runTicking({ yard }: Demo, env: Env, worker: Who): Coroutine<boolean> {
    const { memory } = env;
    const own = yard.server.record;
    yield* memory.store32(stateOf(own), UMCG_TASK_IDLE);
    yield* memory.store32(serverTidOf(worker.record), env.tid);
    yield* memory.store32(stateOf(worker.record), UMCG_TASK_RUNNING);
    yield* memory.store32(nextTidOf(own), worker.tid);
    const result = yield* env.umcg.wait(0, env.now() + SECOND);
    yield* memory.store32(nextTidOf(own), 0);
    if (result !== -ETIMEDOUT) return false;
    const preempted = UMCG_TASK_RUNNING | UMCG_TF_PREEMPTED;
    // It may have left in this very moment.
    if ((yield* memory.cmpxchg32(stateOf(worker.record), UMCG_TASK_RUNNING, preempted)) !== 0) return false;
    yield* env.umcg.kick(0, worker.tid);
    // On one CPU it goes when the server sleeps. Own word first, then the look: one of the two sees the other.
    yield* memory.store32(stateOf(own), UMCG_TASK_IDLE);
    if ((yield* memory.load32(stateOf(worker.record))) === preempted) yield* env.umcg.wait(0);
    else yield* memory.store32(stateOf(own), UMCG_TASK_RUNNING);
    return true;
  }

  it("demonstration with preemption: A computes without end in sight, and the sleepers are run at the next tick", () => {
    const show = demo("hardened", 5, function* () {});
    const { yard, a } = show;
    yard.serve(function* (env) {
      const ready: Who[] = [];
      while (yard.gone.size < 3) {
        ready.push(...(ready.length === 0 ? yield* yard.poll(env) : yield* yard.look(env)));
        const next = ready.shift()!;
        if ((yield* runTicking(show, env, next)) && next === a) show.turns++;
      }
    });
    expect(show.ended.map(([name]) => name)).toEqual(["B", "C", "A"]);
    const [[, b], [, c]] = show.ended as [[string, number], [string, number], [string, number]];
    for (const late of [b - 2000, c - 3000]) expect(late >= 0 && late <= 2_100, `${late} ms late`).toBe(true);
    expect(show.turns).toBeGreaterThanOrEqual(4);
  });
});
