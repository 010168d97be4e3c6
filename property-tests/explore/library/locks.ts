/** The spin lock, and who may claim a waiting worker. */
import type { Coroutine } from "../../../src/atomics/step.ts";
import { bareEnv, workerRecord } from "../../../src/explore/library/bare-env.ts";
import { claim, claimYielded, settle } from "../../../src/server/claim.ts";
import { PARK_PARKED, PARK_TOKEN, PARK_WAKING, PARK_YIELDED, parkOf } from "../../../src/server/record.ts";
import { spinLock, spinUnlock } from "../../../src/server/spin-lock.ts";
import {
  stateOf,
  UMCG_TASK_IDLE,
  UMCG_TASK_RUNNING,
  UMCG_TF_LISTED,
  UMCG_TF_LOCKED,
} from "../../../src/umcg/abi.ts";
import { must, type Subject, bare as subject } from "./subject.ts";

const spin = subject("spin lock: three add under it", (bare) => {
  const lock = bare.word(0, "lock");
  const count = bare.word(0, "count");
  for (let t = 0; t < 3; t++)
    bare.thread(function* () {
      const env = bareEnv(bare);
      yield* spinLock(env, lock);
      const seen = yield* bare.load32(count);
      yield* bare.store32(count, seen + 1);
      yield* spinUnlock(env, lock);
    });
  bare.atEnd(() => must(bare.peek32(count) === 3, `counted ${bare.peek32(count)}, not 3`));
});

/** Two unpark a worker, and its timeout comes: one of them has it run. It waits again only when nobody is waking it. */
const unparks = subject("claim: two unpark a worker whose time is over", (bare) => {
  const record = workerRecord(bare);
  const [state, park] = [stateOf(record), parkOf(record)];
  const made = bare.word(0, "made ready");
  bare.poke32(state, UMCG_TASK_IDLE);
  bare.poke32(park, PARK_PARKED);
  const run = function* (): Coroutine<void> {
    yield* bare.add32(made, 1);
    yield* bare.store32(state, UMCG_TASK_RUNNING);
  };
  for (const name of ["u1", "u2"])
    bare.thread(function* () {
      const env = bareEnv(bare);
      const found = yield* env.memory.load32(park);
      if ((found & PARK_PARKED) === 0) return;
      const told = (found & ~PARK_PARKED) | PARK_WAKING | PARK_TOKEN;
      if ((yield* env.memory.cmpxchg32(park, found, told)) !== 0) return;
      if (yield* claim(env, record)) yield* run();
    }, name);
  const kernel = bare.thread(function* () {
    if ((yield* bare.cmpxchg32(state, UMCG_TASK_IDLE, UMCG_TASK_IDLE | UMCG_TF_LISTED)) === 0) yield* run();
  }, "kernel");
  bare.thread(function* () {
    const env = bareEnv(bare);
    yield* bare.until(state, (word) => word === UMCG_TASK_RUNNING);
    const word = yield* settle(env, record, PARK_PARKED);
    must((word & (PARK_WAKING | PARK_PARKED)) === 0, "it goes on, and somebody is waking it");
    // The next wait has no timeout.
    yield* bare.join(kernel);
    yield* bare.store32(state, UMCG_TASK_IDLE);
  }, "worker");
  bare.atEnd(() => must(bare.peek32(made) === 1, `made ready ${bare.peek32(made)} times`));
  bare.atEnd(() => must(bare.peek32(state) === UMCG_TASK_IDLE, "somebody claims the wait that is not over"));
  bare.atEnd(() => must((bare.peek32(park) & PARK_WAKING) === 0, "somebody is waking it for ever"));
});

/** A worker gives way to its server, which claims it when it has fallen asleep, and only while it has not been run otherwise. */
const yields = subject("claim: a worker gives way", (bare) => {
  const record = workerRecord(bare);
  const [state, park] = [stateOf(record), parkOf(record)];
  const runs = bare.word(0, "runs");
  bare.poke32(park, PARK_YIELDED);
  // On its way into its wait: the kernel takes LOCKED away there.
  bare.poke32(state, UMCG_TASK_IDLE | UMCG_TF_LOCKED);
  bare.thread(function* () {
    yield* bare.store32(state, UMCG_TASK_IDLE);
  }, "worker");
  for (const name of ["server", "stranger"])
    bare.thread(function* () {
      if (!(yield* claimYielded(bareEnv(bare), record))) return;
      must((yield* bare.load32(state)) === (UMCG_TASK_IDLE | UMCG_TF_LOCKED), "claimed, and not locked");
      yield* bare.add32(runs, 1);
    }, name);
  bare.atEnd(() => must(bare.peek32(runs) === 1, `run ${bare.peek32(runs)} times`));
  bare.atEnd(() => must(bare.peek32(park) === 0, `the park word is ${bare.peek32(park)}`));
});

export const LOCKS: readonly Subject[] = [spin, unparks, yields];
