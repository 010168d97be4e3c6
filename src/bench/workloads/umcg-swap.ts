/**
 * Two UMCG workers that switch to each other: own state IDLE, the partner's RUNNING, sys_umcg_wait(0) with the partner in
 * next_tid. One system call a hand-off; on one CPU it costs exactly
 *
 *     entry + wake + block + switch + exit
 *
 * A ring is one server with workers that pass its CPU on, each to the next. The server collects the workers as they
 * register, runs the first and sleeps until the last to finish wakes it: one worker of a server is RUNNING at a time, as
 * UMCG wants it. The workload is a ring of two, free to move; bench/sim.ts pins large rings.
 */
import type { Addr } from "../../atomics/address.ts";
import type { Coroutine } from "../../atomics/step.ts";
import type { TaskOptions } from "../../kernel-sim/clone.ts";
import type { Tid } from "../../kernel-sim/ids.ts";
import { nextTidOf, serverTidOf, stateOf, UMCG_TASK_IDLE, UMCG_TASK_RUNNING } from "../../umcg/abi.ts";
import type { Env } from "../../umcg/env.ts";
import { expectResult, type Rounds, type Stage, type Workload } from "../workload.ts";
import {
  allocateGroup,
  allocateRecord,
  type Group,
  leaveTo,
  registerServer,
  registerWorker,
  switchTo,
  unregister,
  waitForWorkers,
} from "./umcg-user.ts";

export const umcgSwap: Workload = {
  name: "umcg-swap",
  summary: "two UMCG workers switch to each other with sys_umcg_wait",
  loop: "a round trip, two hand-offs",
  handOffsPerLoop: 2,

  start(machine: Stage, rounds: Rounds): ReadonlySet<Tid> {
    return startSwapRing(machine, rounds, 2);
  },
};

/** A task's record and, once it has been spawned, its tid. */
interface Member {
  readonly record: Addr;
  tid: Tid;
}

interface Ring {
  readonly group: Group;
  readonly server: Member;
  /** The first leads: it begins each round. */
  readonly workers: readonly Member[];
}

/** Starts a server and a ring of `size` workers; with `cpu`, all pinned to it. Returns the workers. */
export function startSwapRing(machine: Stage, rounds: Rounds, size: number, cpu?: number): ReadonlySet<Tid> {
  const pinned: TaskOptions = cpu === undefined ? {} : { affinity: [cpu] };
  const member = (): Member => ({ record: allocateRecord(machine), tid: 0 as Tid });
  const workers = Array.from({ length: size }, member);
  const ring: Ring = { group: allocateGroup(machine), server: member(), workers };
  ring.server.tid = machine.spawn((env) => serve(env, ring), { ...pinned, name: "server" });
  for (const [place, worker] of workers.entries()) {
    const name = place === 0 ? "leader" : "follower";
    worker.tid = machine.spawn((env) => pass(env, rounds, ring, place), { ...pinned, name });
  }
  return new Set(workers.map(({ tid }) => tid));
}

function* serve(env: Env, { group, server, workers }: Ring): Coroutine<void> {
  yield* registerServer(env, server.record);
  for (let listed = 0; listed < workers.length; ) {
    const records = yield* waitForWorkers(env, server.record, group);
    // A running worker without a server would be taken off its CPU by wake detection.
    for (const record of records) yield* env.memory.store32(serverTidOf(record), env.tid);
    listed += records.length;
  }
  const [leader] = workers;
  yield* switchTo(env, server.record, leader!.record, leader!.tid);
  yield* unregister(env);
}

/** A worker's rounds. The hand-off is written out: a helper generator would add its own cost to every switch. */
function* pass(env: Env, rounds: Rounds, ring: Ring, place: number): Coroutine<void> {
  const { memory, umcg } = env;
  const self = ring.workers[place]!;
  const next = ring.workers[(place + 1) % ring.workers.length]!;
  const leads = place === 0;
  const [mine, theirs] = [stateOf(self.record), stateOf(next.record)];
  yield* registerWorker(env, self.record, ring.group);
  yield* memory.store32(nextTidOf(self.record), next.tid);
  for (let round = 0; round < rounds.total; round++) {
    if (leads) rounds.onRound(round);
    yield* memory.store32(mine, UMCG_TASK_IDLE);
    yield* memory.store32(theirs, UMCG_TASK_RUNNING);
    expectResult("umcg_wait(swap)", yield* umcg.wait(0), 0);
  }
  if (leads) rounds.onRound(rounds.total);
  // The leader, whom the last would pass the CPU to, has gone: the last wakes the server.
  const heir = place === ring.workers.length - 1 ? ring.server : next;
  yield* leaveTo(env, self.record, heir.record, heir.tid);
  yield* unregister(env);
}
