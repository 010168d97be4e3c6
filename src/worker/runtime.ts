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
import { type Addr, wordFromAddr } from "../atomics/address.ts";
import type { Coroutine } from "../atomics/step.ts";
import type { Tid } from "../kernel-sim/ids.ts";
import { GROUP_SIZE, Group } from "../server/group.ts";
import { makePolicy, type PolicyName } from "../server/policies/index.ts";
import type { PolicyContext, PolicyFactory } from "../server/policy.ts";
import { indexOf, initSchedulingWords, type Wishes, wishesOf } from "../server/policy-record.ts";
import { RECORD_SIZE, tidOf } from "../server/record.ts";
import { check } from "../server/run-worker.ts";
import { RuntimeError } from "../server/runtime-error.ts";
import { serve } from "../server/server.ts";
import {
  apiVersionOf,
  idleServersOf,
  idleWorkersOf,
  stateOf,
  UMCG_API_VERSION,
  UMCG_CTL_REGISTER,
  UMCG_CTL_WORKER,
  UMCG_TASK_IDLE,
} from "../umcg/abi.ts";
import type { Env, UserSpace } from "../umcg/env.ts";
import { Roster } from "./roster.ts";
import { ServerWaker } from "./waker.ts";
import { Worker, type WorkerFunction, type WorkerOptions } from "./worker.ts";
import type { WorkerHandle } from "./worker-handle.ts";

export interface RuntimeOptions {
  /** Servers, from 1 to 2 * vCPUs - 1. Default: one a vCPU. */
  readonly servers?: number;
  /** Pin server i to vCPU i modulo their number. Default true. */
  readonly pin?: boolean;
  /** Which ready worker runs next: the name of a policy, or one of your own. Default "go-like". */
  readonly policy?: PolicyName | PolicyFactory;
  /** Seed of a policy that draws lots, an integer. Default 1. */
  readonly seed?: number;
}

export class Runtime {
  readonly group: Group;
  readonly roster: Roster;
  readonly servers: readonly Tid[];
  readonly #space: UserSpace;
  readonly #serverRecords: readonly Addr[];
  /** Servers that have not left, a word. */
  readonly #serving: Addr;

  constructor(space: UserSpace, options: RuntimeOptions = {}) {
    this.#space = space;
    const { kernel } = space;
    const vcpus = kernel.config.vcpus;
    const count = options.servers ?? vcpus;
    const most = 2 * vcpus - 1;
    if (!Number.isInteger(count) || count < 1 || count > most) {
      throw new RuntimeError(
        "ERR_RUNTIME_CONFIG",
        `servers must be an integer from 1 to ${most} (2 * vcpus - 1), got ${count}`,
      );
    }
    if (space.umcg.profile !== "hardened") {
      throw new RuntimeError(
        "ERR_RUNTIME_CONFIG",
        `the thread library needs umcg: "hardened", got "${space.umcg.profile}"`,
      );
    }
    const setup = {
      maxServers: count,
      allocate: (bytes: number, align = 64) => kernel.allocate(bytes, align),
      seed: options.seed ?? 1,
    };
    const policy = makePolicy(options.policy ?? "go-like", setup);
    this.group = new Group(kernel.allocate(GROUP_SIZE, 64), policy, (at, record) => this.#end(at, record));
    this.roster = new Roster(space);
    this.#serving = kernel.allocate(4, 64);
    this.#add(this.#serving, count);
    this.#serverRecords = Array.from({ length: count }, (_, i) => {
      const record = kernel.allocate(RECORD_SIZE, 64);
      this.#add(indexOf(record), i);
      return record;
    });
    const pin = options.pin ?? true;
    this.servers = this.#serverRecords.map((record, i) =>
      space.start((env) => this.#serve(env, record), {
        name: `server-${i}`,
        ...(pin ? { affinity: [i % vcpus] } : {}),
      }),
    );
  }

  /** Starts a worker from set-up code, before the machine runs. From a worker: `worker.spawn`. Throws ERR_USER_MEMORY. */
  spawn<T>(body: WorkerFunction<T>, options: WorkerOptions = {}): WorkerHandle<T> {
    const wishes = wishesOf(options);
    const handle = this.roster.create<T>(options);
    this.#add(this.group.live, 1);
    this.#space.start((env) => this.#begin(env, body, handle, wishes), { name: handle });
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
    yield* parent.env.spawn((env) => this.#begin(env, body, handle, wishes), { name: handle });
    return handle;
  }

  /**
   * The kernel task under a worker: registers, waits to be run, and becomes the worker's function, with nothing beneath it.
   * When that has ended the worker ends itself (Worker.after) and its server does the rest: `#end`. Not a closure a worker:
   * a generator function that is made for one call costs 290 bytes, and so much as two frames.
   */
  *#begin(
    env: Env,
    body: WorkerFunction<unknown>,
    handle: WorkerHandle<unknown>,
    wishes: Wishes,
  ): Coroutine<never> {
    handle.tid = env.tid;
    yield* this.#register(env, handle.record, wishes);
    const worker = new Worker(env, handle, this);
    return yield* env.become(body(worker), worker);
  }

  *#register(env: Env, record: Addr, wishes: Wishes): Coroutine<void> {
    const { memory } = env;
    const { group } = this;
    yield* memory.store32(tidOf(record), env.tid);
    yield* initSchedulingWords(env, record, wishes);
    yield* memory.store32(apiVersionOf(record), UMCG_API_VERSION);
    yield* memory.store64(idleWorkersOf(record), wordFromAddr(group.idleWorkers));
    yield* memory.store64(idleServersOf(record), wordFromAddr(group.idleServers));
    yield* memory.store32(stateOf(record), UMCG_TASK_IDLE);
    // Listed by the kernel, asleep, until a server runs it.
    check("umcg_ctl(REGISTER|WORKER)", yield* env.umcg.ctl(UMCG_CTL_REGISTER | UMCG_CTL_WORKER, record));
  }

  /** A server meets the end of a worker: on it, on the idle worker list, or when it was to run it. */
  *#end(at: PolicyContext, record: Addr): Coroutine<void> {
    const { group } = this;
    if (group.policy.onExit !== undefined) yield* group.policy.onExit(at, record);
    yield* this.roster.end(new ServerWaker(at, group, this.#serverRecords[at.server]!), record);
    // Last: at 0 the servers leave.
    yield* addTo(at.env, group.live, -1);
  }

  /** The last server to leave says what went wrong. */
  *#serve(env: Env, record: Addr): Coroutine<void> {
    yield* serve(env, this.group, record);
    if ((yield* addTo(env, this.#serving, -1)) === 0) this.roster.throwUnseen();
  }

  /** For set-up code, which runs before any task and may write words directly. */
  #add(word: Addr, value: number): void {
    new Uint32Array(this.#space.kernel.local.buffer, word, 1)[0]! += value;
  }
}

/** Returns the sum. */
function* addTo(env: Env, word: Addr, delta: number): Coroutine<number> {
  // Bounded by the other writers: each failure is somebody else's success.
  for (;;) {
    const value = yield* env.memory.load32(word);
    const sum = (value + delta) >>> 0;
    if ((yield* env.memory.cmpxchg32(word, value, sum)) === 0) return sum;
  }
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
