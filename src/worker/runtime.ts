/**
 * A runtime: M workers on N servers, in one machine.
 *
 *     const machine = createMachine({ vcpus: 2 });
 *     const runtime = createRuntime(machine);
 *     runtime.spawn(function* (worker) { yield* worker.sleep(1000); });
 *     machine.run();
 *
 * Servers are pinned one to a vCPU, round robin, and carry their workers with them: every wake-up of the protocol is
 * made with WF_CURRENT_CPU. They exit when the last worker has ended.
 */
import type { Addr } from "../atomics/address.ts";
import type { Coroutine } from "../atomics/step.ts";
import { type Known, unknownOption } from "../diagnostics/known-options.ts";
import { addTo, GROUP_SIZE, Group } from "../server/group.ts";
import { makePolicy, type PolicyName } from "../server/policies/index.ts";
import type { PolicyContext, PolicyFactory } from "../server/policy.ts";
import { wishesOf } from "../server/policy-record.ts";
import { RuntimeError } from "../server/runtime-error.ts";
import { type PoolOptions, ServerPool } from "../server/server-pool.ts";
import type { ServerStats } from "../server/server-stats.ts";
import type { UserSpace } from "../umcg/env.ts";
import { Birth } from "./birth.ts";
import { Roster } from "./roster.ts";
import { ServerWaker } from "./waker.ts";
import type { Worker, WorkerFunction, WorkerOptions } from "./worker.ts";
import type { WorkerHandle } from "./worker-handle.ts";

/** In a guest arming the timer takes 12 us of it: with less a worker gets nowhere. */
const MIN_PREEMPT_NS = 20_000;
const MAX_SERVERS = 65_536;

/** Servers, policy and ticks of a runtime. */
export interface RuntimeOptions {
  /** Servers at the beginning, from 1 to `maxServers`. Default: one a vCPU. */
  readonly servers?: number;
  /** Servers there can ever be (`setServers`): each has a place in memory. Default: the greater of servers and vCPUs. */
  readonly maxServers?: number;
  /** Pin server i to vCPU i modulo their number. Default true. */
  readonly pin?: boolean;
  /** Which ready worker runs next: the name of a policy, or one of your own. Default "go-like". */
  readonly policy?: PolicyName | PolicyFactory;
  /** Seed of a policy that draws lots, an integer. Default 1. */
  readonly seed?: number;
  /** ns a worker runs before its policy is asked whether it is to give way, from 20 000. Default 0: it is never asked. */
  readonly preemptNs?: number;
  /** What a server does before it sleeps: `spin` looks for work, `pauseNs` of computing before each. Default none, 100. */
  readonly idle?: { readonly spin: number; readonly pauseNs?: number };
}

const RUNTIME_OPTIONS: Known<RuntimeOptions> = {
  servers: true,
  maxServers: true,
  pin: true,
  policy: true,
  seed: true,
  preemptNs: true,
  idle: true,
};
const IDLE_OPTIONS: Known<NonNullable<RuntimeOptions["idle"]>> = { spin: true, pauseNs: true };

/** Servers on a machine and the workers they run; made by `createRuntime`. */
export class Runtime {
  readonly group: Group;
  readonly roster: Roster;
  readonly pool: ServerPool;
  readonly #space: UserSpace;

  constructor(space: UserSpace, options: RuntimeOptions = {}) {
    this.#space = space;
    const { kernel } = space;
    if (space.umcg.profile !== "hardened") {
      throw new RuntimeError(
        "ERR_RUNTIME_CONFIG",
        `the thread library needs umcg: "hardened", got "${space.umcg.profile}"`,
      );
    }
    const servers = poolOptions(kernel.config.vcpus, options);
    const policy = makePolicy(options.policy ?? "go-like", {
      maxServers: servers.maxServers,
      allocate: (bytes, align = 64) => kernel.allocate(bytes, align),
      seed: options.seed ?? 1,
    });
    this.group = new Group(kernel.allocate(GROUP_SIZE, 64), policy, (at, self, record) =>
      this.#end(at, self, record),
    );
    this.roster = new Roster(space);
    // The last server to leave says what went wrong.
    this.pool = new ServerPool(space, this.group, servers, () => this.roster.throwUnseen());
  }

  /** Has each CPU a runtime object of its own, over the same words? */
  get manyIsolates(): boolean {
    return this.#space.kernel.manyIsolates;
  }

  /** What the servers have done, by their places. Read it while the machine does not run. */
  stats(): readonly ServerStats[] {
    return this.pool.stats();
  }

  /** Changes the number of servers, from set-up code. From a worker: `worker.setServers`. Throws ERR_RUNTIME_CONFIG. */
  setServers(count: number): void {
    this.pool.resize(count);
  }

  /** Starts a worker from set-up code, before the machine runs. From a worker: `worker.spawn`. Throws ERR_USER_MEMORY. */
  spawn<T>(body: WorkerFunction<T>, options: WorkerOptions = {}): WorkerHandle<T> {
    const wishes = wishesOf(options);
    const handle = this.roster.create<T>(options);
    this.#add(this.group.live, 1);
    this.#space.start((env) => new Birth(this, body, handle, env).begin(wishes), { name: handle });
    return handle;
  }

  /** Starts a worker for another: see Worker.spawn. */
  *spawnFrom<T>(
    parent: Worker,
    body: WorkerFunction<T>,
    options: WorkerOptions = {},
  ): Coroutine<WorkerHandle<T>> {
    const wishes = wishesOf(options);
    const handle = yield* this.roster.enlist<T>(parent, options);
    yield* addTo(parent.env, this.group.live, 1);
    yield* parent.env.spawn((env) => new Birth(this, body, handle, env).begin(wishes), { name: handle });
    return handle;
  }

  /** Server `self` meets the end of a worker: on it, on the idle worker list, or when it was to run it. */
  *#end(at: PolicyContext, self: Addr, record: Addr): Coroutine<void> {
    const { group } = this;
    if (group.policy.onExit !== undefined) yield* group.policy.onExit(at, record);
    yield* this.roster.end(new ServerWaker(at, group, self), record);
    // Last: at 0 the servers leave.
    yield* addTo(at.env, group.live, -1);
  }

  /** For set-up code, which runs before any task and may write words directly. */
  #add(word: Addr, value: number): void {
    new Uint32Array(this.#space.kernel.local.buffer, word, 1)[0]! += value;
  }
}

/** Throws ERR_RUNTIME_CONFIG. */
function poolOptions(vcpus: number, options: RuntimeOptions): PoolOptions {
  checkNames(options, RUNTIME_OPTIONS);
  checkNames(options.idle ?? {}, IDLE_OPTIONS, "idle: ");
  const { servers = vcpus, maxServers = Math.max(vcpus, servers), pin = true, preemptNs = 0 } = options;
  const { spin = 0, pauseNs: spinPauseNs = 100 } = options.idle ?? {};
  checkOption("maxServers", maxServers, 1, MAX_SERVERS);
  checkOption("servers", servers, 1, maxServers);
  if (preemptNs !== 0) checkOption("preemptNs", preemptNs, MIN_PREEMPT_NS, 1e12);
  checkOption("idle.spin", spin, 0, 1e6);
  checkOption("idle.pauseNs", spinPauseNs, 1, 1e9);
  return { servers, maxServers, pin, preemptNs, spin, spinPauseNs };
}

function checkNames(options: object, known: Readonly<Record<string, true>>, of = ""): void {
  const unknown = unknownOption(options, known);
  if (unknown !== undefined) throw new RuntimeError("ERR_RUNTIME_CONFIG", `${of}${unknown}`);
}

function checkOption(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RuntimeError(
    "ERR_RUNTIME_CONFIG",
    `${name} must be an integer from ${least} to ${most}, got ${value}`,
  );
}

/**
 * Creates servers and an empty group of workers on a machine. Throws ERR_RUNTIME_CONFIG, ERR_USER_MEMORY.
 */
export function createRuntime(
  machine: { readonly userSpace: UserSpace },
  options: RuntimeOptions = {},
): Runtime {
  return new Runtime(machine.userSpace, options);
}
