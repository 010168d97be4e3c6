/**
 * A scheduling policy as a program to explore, without kernel, servers and workers around it.
 *
 * ```ts
 * export default policyProgram(myPolicy); // npx umcg explore FILE
 * ```
 *
 * Each server is a thread that makes its share of the workers ready, and then picks once more than that, so that it looks into
 * what others have, too. When all are done the queues are
 * emptied, each server in turn, and the policy is held to its contract (server/policy.ts):
 *
 * 1. a worker that was enqueued is picked, once;
 * 2. a server that has enqueued one which nobody picks before it does is told so by `hasWork`; when all are picked, it says no;
 * 3. nothing is picked that was not enqueued, and nothing waits for ever.
 *
 * The policy is made anew for each execution, in the same memory.
 */
import { type Addr, NULL } from "../../atomics/address.ts";
import type { Coroutine } from "../../atomics/step.ts";
import type { Known } from "../../diagnostics/known-options.ts";
import { makePolicy } from "../../server/policies/index.ts";
import type { Policy, PolicyContext, PolicyFactory } from "../../server/policy.ts";
import { priorityOf } from "../../server/policy-record.ts";
import type { Env } from "../../umcg/env.ts";
import type { Bare } from "../bare/bare.ts";
import { bareProgram, type Explorable } from "../explorable.ts";
import { ExploreError } from "../explore-error.ts";
import { checkNames } from "../options.ts";
import { allocateBare, bareEnv, workerRecord } from "./bare-env.ts";

/** How large the program is that a policy is tried with. */
export interface PolicyProgramOptions {
  /** From 1 to 8. Default 2. */
  readonly servers?: number;
  /** Made ready by the servers in turn, from 1 to 16. Default: one a server. Worker i has priority i. */
  readonly workers?: number;
  /** Of policies that draw lots. Default 1. */
  readonly seed?: number;
  /** User memory, a multiple of 8. Default 65536. */
  readonly bytes?: number;
}

const NAMES: Known<PolicyProgramOptions> = { servers: true, workers: true, seed: true, bytes: true };
const MAX_SERVERS = 8;
const MAX_WORKERS = 16;
const BYTES = 65_536;

/** Throws ERR_EXPLORE_OPTION naming the bad value. The rest of its errors are found when it is explored. */
export function policyProgram(factory: PolicyFactory, options: PolicyProgramOptions = {}): Explorable {
  checkNames(options, NAMES);
  const { servers = 2, seed = 1, bytes = BYTES } = options;
  const { workers = servers } = options;
  requireCount("servers", servers, MAX_SERVERS);
  requireCount("workers", workers, MAX_WORKERS);
  return bareProgram((bare) => layOut(bare, new Trial(bare, factory, servers, workers, seed)), { bytes });
}

function requireCount(name: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  throw new ExploreError("ERR_EXPLORE_OPTION", `${name} must be an integer from 1 to ${most}, got ${value}`);
}

function layOut(bare: Bare, trial: Trial): void {
  bare.onReset(() => trial.begin());
  bare.thread(function* () {
    const others: number[] = [];
    for (let i = 1; i < trial.servers; i++) others.push(yield* bare.spawn(() => trial.serve(i)));
    yield* trial.serve(0);
    for (const other of others) yield* bare.join(other);
    yield* trial.settle();
  }, "server 0");
}

/** One policy, and who was picked from it. */
class Trial {
  readonly servers: number;
  readonly #bare: Bare;
  readonly #make: () => Policy;
  readonly #workers: readonly Addr[];
  #policy: Policy;
  #picked: Addr[] = [];

  constructor(bare: Bare, factory: PolicyFactory, servers: number, workers: number, seed: number) {
    this.#bare = bare;
    this.servers = servers;
    const allocations: Addr[] = [];
    let next = 0;
    const allocate = (bytes: number, align?: number): Addr => {
      if (next === allocations.length) {
        allocations.push(allocateBare(bare, bytes, align, `policy.${next}`));
      }
      return allocations[next++]!;
    };
    this.#make = () => {
      next = 0;
      return makePolicy(factory, { maxServers: servers, allocate, seed });
    };
    this.#policy = this.#make();
    this.#workers = Array.from({ length: workers }, (_, i) => workerRecord(bare, `worker ${i}`));
    for (const [i, worker] of this.#workers.entries()) bare.poke32(priorityOf(worker), i);
  }

  begin(): void {
    this.#policy = this.#make();
    this.#picked = [];
  }

  *serve(server: number): Coroutine<void> {
    const at = contextOf(bareEnv(this.#bare), server);
    const own = this.#workers.filter((_, i) => i % this.servers === server);
    for (const worker of own) yield* this.#policy.enqueue(at, worker, "spawned");
    const said = yield* this.#policy.hasWork(at);
    for (let pick = 0; pick <= own.length; pick++) {
      const worker = yield* this.#policy.pick(at);
      this.#take(worker);
      const hidden = !said && own.includes(worker);
      this.#bare.check(!hidden, `hasWork says no on server ${server}, which then picks what it has enqueued`);
    }
  }

  /** Nobody else is under way. */
  *settle(): Coroutine<void> {
    const env = bareEnv(this.#bare);
    for (let server = 0; server < this.servers; server++) {
      // Bounded: a worker that comes twice is a violation at once.
      while (this.#take(yield* this.#policy.pick(contextOf(env, server))));
    }
    const lost = this.#workers.findIndex((worker) => !this.#picked.includes(worker));
    this.#bare.check(lost < 0, `worker ${lost} was enqueued and is never picked`);
    const says = yield* this.#policy.hasWork(contextOf(env, 0));
    this.#bare.check(!says, "hasWork says yes when all have been picked");
  }

  #take(worker: Addr): boolean {
    if (worker === NULL) return false;
    const index = this.#workers.indexOf(worker);
    this.#bare.check(index >= 0, `picked 0x${worker.toString(16)}, which is no worker`);
    this.#bare.check(!this.#picked.includes(worker), `worker ${index} was enqueued once and picked twice`);
    this.#picked.push(worker);
    return true;
  }
}

function contextOf(env: Env, server: number): PolicyContext {
  // What was stolen or moved tells others to look again: here nobody sleeps.
  return { env, server, note: () => {} };
}
