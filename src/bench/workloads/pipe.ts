/**
 * `perf bench sched pipe`: two tasks, two pipes, one byte. A loop is what perf calls an op, a round trip: the leader
 * writes one pipe and reads the other, the follower the other way round. A hand-off on one CPU costs exactly
 *
 *     entry + wake + exit + entry + block + switch + exit
 *
 * because copying a byte costs nothing here and a write wakes the reader of an empty pipe.
 */
import type { Addr } from "../../atomics/address.ts";
import type { Coroutine } from "../../atomics/step.ts";
import type { Tid } from "../../kernel-sim/ids.ts";
import type { Env } from "../../umcg/env.ts";
import { expectResult, type Rounds, SETTLE_NS, type Stage, setUpPipe, type Workload } from "../workload.ts";

/** The two ends that one of the two tasks uses. */
interface Ends {
  readonly from: number;
  readonly to: number;
  readonly buffer: Addr;
}

export const pipe: Workload = {
  name: "pipe",
  summary: "two tasks, two pipes, one byte, as perf bench sched pipe",
  loop: "a round trip (an op of perf bench), two hand-offs",
  handOffsPerLoop: 2,

  start(machine: Stage, rounds: Rounds): ReadonlySet<Tid> {
    const there = setUpPipe(machine);
    const back = setUpPipe(machine);
    const mine: Ends = { from: back, to: there + 1, buffer: machine.allocate(1) };
    const theirs: Ends = { from: there, to: back + 1, buffer: machine.allocate(1) };
    const leader = machine.spawn((env) => lead(env, rounds, mine), { name: "leader" });
    const follower = machine.spawn((env) => follow(env, rounds, theirs), { name: "follower" });
    return new Set([leader, follower]);
  },
};

function* lead(env: Env, rounds: Rounds, mine: Ends): Coroutine<void> {
  yield* env.work(SETTLE_NS);
  for (let round = 0; round < rounds.total; round++) {
    rounds.onRound(round);
    yield* send(env, mine);
    yield* receive(env, mine);
  }
  rounds.onRound(rounds.total);
  yield* send(env, mine);
}

function* follow(env: Env, rounds: Rounds, ends: Ends): Coroutine<void> {
  for (let round = 0; round < rounds.total; round++) {
    yield* receive(env, ends);
    yield* send(env, ends);
  }
  // Reads once more, so that the last round is as long as the others.
  yield* receive(env, ends);
}

function* send(env: Env, { to, buffer }: Ends): Coroutine<void> {
  expectResult("write", yield* env.sys.write(to, buffer, 1), 1);
}

function* receive(env: Env, { from, buffer }: Ends): Coroutine<void> {
  expectResult("read", yield* env.sys.read(from, buffer, 1), 1);
}
