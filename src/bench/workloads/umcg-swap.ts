/**
 * Two UMCG workers that switch to each other: own state IDLE, the partner's RUNNING, sys_umcg_wait(0) with the partner in
 * next_tid. One system call a hand-off; on one CPU it costs exactly
 *
 *     entry + wake + block + switch + exit
 *
 * A team is one server with its pairs. The server collects the workers as they register, runs the first of each pair and
 * sleeps until the last worker to finish wakes it. The workload is a team of one pair, free to move; bench/sim.ts pins
 * large teams.
 */
import type { Addr } from "../../atomics/address.ts";
import type { Coroutine } from "../../atomics/step.ts";
import type { TaskOptions } from "../../kernel-sim/clone.ts";
import type { Tid } from "../../kernel-sim/ids.ts";
import type { Machine } from "../../machine.ts";
import { nextTidOf, serverTidOf, stateOf, UMCG_TASK_IDLE, UMCG_TASK_RUNNING } from "../../umcg/abi.ts";
import type { Env } from "../../umcg/env.ts";
import { expectResult, type Rounds, type Workload } from "../workload.ts";
import {
  allocateGroup,
  allocateRecord,
  type Group,
  registerServer,
  registerWorker,
  switchTo,
  unregister,
  waitForWorkers,
  wakeHere,
} from "./umcg-user.ts";

export const umcgSwap: Workload = {
  name: "umcg-swap",
  summary: "two UMCG workers switch to each other with sys_umcg_wait",
  loop: "a round trip, two hand-offs",
  handOffsPerLoop: 2,

  start(machine: Machine, rounds: Rounds): ReadonlySet<Tid> {
    return startSwapTeam(machine, rounds, 1);
  },
};

/** A task's record and, once it has been spawned, its tid. */
interface Member {
  readonly record: Addr;
  tid: Tid;
}

interface Team {
  readonly group: Group;
  readonly server: Member;
  /** Leader and follower of each pair. */
  readonly pairs: readonly (readonly [Member, Member])[];
  /** Word: pairs that have not finished. */
  readonly unfinished: Addr;
}

/** Starts a server and `pairs` pairs of workers; with `cpu`, all pinned to it. Returns the workers. */
export function startSwapTeam(
  machine: Machine,
  rounds: Rounds,
  pairs: number,
  cpu?: number,
): ReadonlySet<Tid> {
  const pinned: TaskOptions = cpu === undefined ? {} : { affinity: [cpu] };
  const member = (): Member => ({ record: allocateRecord(machine), tid: 0 as Tid });
  const team: Team = {
    group: allocateGroup(machine),
    server: member(),
    pairs: Array.from({ length: pairs }, () => [member(), member()] as const),
    unfinished: machine.allocate(4),
  };
  team.server.tid = machine.spawn((env) => serve(env, team), { ...pinned, name: "server" });
  const workers = new Set<Tid>();
  for (const [leader, follower] of team.pairs) {
    leader.tid = machine.spawn((env) => lead(env, rounds, team, leader, follower), {
      ...pinned,
      name: "leader",
    });
    follower.tid = machine.spawn((env) => follow(env, rounds, team, follower, leader), {
      ...pinned,
      name: "follower",
    });
    workers.add(leader.tid).add(follower.tid);
  }
  return workers;
}

function* serve(env: Env, { group, server, pairs, unfinished }: Team): Coroutine<void> {
  const { memory } = env;
  yield* registerServer(env, server.record);
  yield* memory.store32(unfinished, pairs.length);
  for (let listed = 0; listed < 2 * pairs.length; ) {
    const records = yield* waitForWorkers(env, server.record, group);
    // A running worker without a server would be taken off its CPU by wake detection.
    for (const record of records) yield* memory.store32(serverTidOf(record), env.tid);
    listed += records.length;
  }
  // Idle from here on, so that a wake-up by a team that finishes early is not overwritten.
  yield* memory.store32(stateOf(server.record), UMCG_TASK_IDLE);
  for (const [leader] of pairs.slice(1)) yield* wakeHere(env, server.record, leader.record, leader.tid);
  const [first] = pairs[0]!;
  yield* switchTo(env, server.record, first.record, first.tid);
  yield* unregister(env);
}

// The hand-off is written out in both loops: a helper generator would add its own cost to every simulated switch.

function* lead(env: Env, rounds: Rounds, team: Team, self: Member, partner: Member): Coroutine<void> {
  const { memory, umcg } = env;
  const [mine, theirs] = [stateOf(self.record), stateOf(partner.record)];
  yield* registerWorker(env, self.record, team.group);
  yield* memory.store32(nextTidOf(self.record), partner.tid);
  for (let round = 0; round < rounds.total; round++) {
    rounds.onRound(round);
    yield* memory.store32(mine, UMCG_TASK_IDLE);
    yield* memory.store32(theirs, UMCG_TASK_RUNNING);
    expectResult("umcg_wait(swap)", yield* umcg.wait(0), 0);
  }
  rounds.onRound(rounds.total);
  yield* wakeHere(env, self.record, partner.record, partner.tid);
  yield* unregister(env);
}

function* follow(env: Env, rounds: Rounds, team: Team, self: Member, partner: Member): Coroutine<void> {
  const { memory, umcg } = env;
  const [mine, theirs] = [stateOf(self.record), stateOf(partner.record)];
  yield* registerWorker(env, self.record, team.group);
  yield* memory.store32(nextTidOf(self.record), partner.tid);
  for (let round = 0; round < rounds.total; round++) {
    yield* memory.store32(mine, UMCG_TASK_IDLE);
    yield* memory.store32(theirs, UMCG_TASK_RUNNING);
    expectResult("umcg_wait(swap)", yield* umcg.wait(0), 0);
  }
  if (yield* finishPair(env, team.unfinished)) {
    yield* wakeHere(env, self.record, team.server.record, team.server.tid);
  }
  yield* unregister(env);
}

/** Counts a pair off; true for the last one. */
function* finishPair(env: Env, unfinished: Addr): Coroutine<boolean> {
  // Bounded: a lost compare-exchange means that another pair has finished.
  for (;;) {
    const left = yield* env.memory.load32(unfinished);
    if ((yield* env.memory.cmpxchg32(unfinished, left, left - 1)) === 0) return left === 1;
  }
}
