/**
 * Two tasks that take turns: wake the partner's futex, then wait on one's own. Oskolkov's futex_swap selftest without
 * FUTEX_SWAP. A hand-off is one futexWake and one futexWait; on one CPU it costs exactly
 *
 *     entry + wake + exit + entry + block + switch + exit
 *
 * The words say whose turn it is and the futexes only sleep on them, so it does not matter on which CPU the partner is.
 */
import type { Addr } from "../../atomics/address.ts";
import { EAGAIN } from "../../atomics/errno.ts";
import type { Coroutine } from "../../atomics/step.ts";
import type { Tid } from "../../kernel-sim/ids.ts";
import type { Env } from "../../umcg/env.ts";
import { expectResult, type Rounds, SETTLE_NS, type Stage, type Workload } from "../workload.ts";

const NOT_MY_TURN = 0;
const MY_TURN = 1;

export const futexSwap: Workload = {
  name: "futex-swap",
  summary: "two tasks take turns: futex wake, then futex wait",
  loop: "a round trip, two hand-offs",
  handOffsPerLoop: 2,

  start(machine: Stage, rounds: Rounds): ReadonlySet<Tid> {
    const leading = machine.allocate(4);
    const following = machine.allocate(4);
    const follower = machine.spawn((env) => follow(env, rounds, following, leading), { name: "follower" });
    const leader = machine.spawn((env) => lead(env, rounds, leading, following), { name: "leader" });
    return new Set([leader, follower]);
  },
};

function* lead(env: Env, rounds: Rounds, mine: Addr, theirs: Addr): Coroutine<void> {
  yield* env.work(SETTLE_NS);
  for (let round = 0; round < rounds.total; round++) {
    rounds.onRound(round);
    yield* passTurn(env, mine, theirs);
    yield* awaitTurn(env, mine);
  }
  rounds.onRound(rounds.total);
  yield* passTurn(env, mine, theirs);
}

function* follow(env: Env, rounds: Rounds, mine: Addr, theirs: Addr): Coroutine<void> {
  for (let round = 0; round < rounds.total; round++) {
    yield* awaitTurn(env, mine);
    yield* passTurn(env, mine, theirs);
  }
  // Waits once more, so that the last round is as long as the others.
  yield* awaitTurn(env, mine);
}

function* passTurn(env: Env, mine: Addr, theirs: Addr): Coroutine<void> {
  yield* env.memory.store32(mine, NOT_MY_TURN);
  yield* env.memory.store32(theirs, MY_TURN);
  yield* env.sys.futexWake(theirs, 1);
}

function* awaitTurn(env: Env, mine: Addr): Coroutine<void> {
  // One sleep a turn is the rule; the partner may also have been quicker (EAGAIN).
  while ((yield* env.memory.load32(mine)) === NOT_MY_TURN) {
    const result = yield* env.sys.futexWait(mine, NOT_MY_TURN);
    if (result !== -EAGAIN) expectResult("futexWait", result, 0);
  }
}
