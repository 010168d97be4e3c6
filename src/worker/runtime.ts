/**
 * A runtime: M workers on N servers, in one machine.
 *
 *     const machine = createMachine({ vcpus: 2 });
 *     const runtime = createRuntime(machine);
 *     runtime.spawn(function* (worker) { yield* worker.sleep(1000); });
 *     machine.run();
 *
 * Servers are pinned one to a vCPU, round robin, and carry their workers with them: every wake-up of the protocol is
 * made with WF_CURRENT_CPU. They exit when the last worker has finished.
 */
import { type Addr, NULL, wordFromAddr } from "../atomics/address.ts";
import type { Coroutine } from "../atomics/step.ts";
import type { Tid } from "../kernel-sim/ids.ts";
import { GROUP_SIZE, Group, wakeOnly } from "../server/group.ts";
import { makePolicy, type PolicyName } from "../server/policies/index.ts";
import type { PolicyFactory } from "../server/policy.ts";
import { indexOf, initSchedulingWords, type Wishes, wishesOf } from "../server/policy-record.ts";
import { doneOf, RECORD_SIZE, REQUEST_EXIT, requestOf, tidOf } from "../server/record.ts";
import { RuntimeError } from "../server/runtime-error.ts";
import { check, serve } from "../server/server.ts";
import {
  apiVersionOf,
  idleServersOf,
  idleWorkersOf,
  serverTidOf,
  stateOf,
  UMCG_API_VERSION,
  UMCG_CTL_REGISTER,
  UMCG_CTL_UNREGISTER,
  UMCG_CTL_WORKER,
  UMCG_TASK_IDLE,
  UMCG_TASK_RUNNING,
  UMCG_TF_LOCKED,
} from "../umcg/abi.ts";
import type { Env, Program, UserSpace } from "../umcg/env.ts";
import { abandonHeld } from "./sync/held.ts";
import {
  joinerOfRecord,
  Worker,
  type WorkerFunction,
  type WorkerHandle,
  type WorkerOptions,
} from "./worker.ts";

export interface RuntimeOptions {
  /**
   * Servers, from 1 to 2 * vCPUs - 1. Default: one a vCPU. With more, all of them could lie deleted in the idle server
   * list at once, and v0.3 kills a waking worker that finds no end within 2 * nr_cpu_ids nodes.
   */
  readonly servers?: number;
  /** Pin server i to vCPU i modulo their number. Default true. */
  readonly pin?: boolean;
  /** Which ready worker runs next: the name of a policy, or one of your own. Default "go-like". */
  readonly policy?: PolicyName | PolicyFactory;
  /** Seed of a policy that draws lots, an integer. Default 1. */
  readonly seed?: number;
}

export class Runtime {
  readonly #space: UserSpace;
  readonly #group: Group;
  readonly #serverRecords: Map<number, Addr> = new Map();
  readonly servers: readonly Tid[];
  #spawned = 0;
  /** Records of workers that have finished: their owner is gone and the kernel has forgotten them. */
  readonly #freeRecords: Addr[] = [];

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
    const setup = {
      maxServers: count,
      allocate: (bytes: number, align = 64) => kernel.allocate(bytes, align),
      seed: options.seed ?? 1,
    };
    this.#group = new Group(kernel.allocate(GROUP_SIZE, 64), makePolicy(options.policy ?? "go-like", setup));
    const pin = options.pin ?? true;
    this.servers = Array.from({ length: count }, (_, i) => {
      const record = kernel.allocate(RECORD_SIZE, 64);
      // Set-up code runs before any task, so it may write the word directly.
      new Uint32Array(kernel.local.buffer, indexOf(record), 1)[0] = i;
      const program: Program = (env) => serve(env, this.#group, record);
      const tid = space.start(program, { name: `server-${i}`, ...(pin ? { affinity: [i % vcpus] } : {}) });
      this.#serverRecords.set(tid, record);
      return tid;
    });
  }

  /** Starts a worker from set-up code, before the machine runs. From a worker: `worker.spawn`. */
  spawn<T>(body: WorkerFunction<T>, options: WorkerOptions = {}): WorkerHandle<T> {
    const wishes = wishesOf(options);
    const handle = this.#newHandle<T>(options);
    const { local } = this.#space.kernel;
    // Set-up code runs before any task, so it may write the word directly.
    const live = new Uint32Array(local.buffer, this.#group.live, 1);
    live[0]!++;
    this.#space.start(this.#program(body, handle, wishes), { name: handle.name });
    return handle;
  }

  *#spawnFrom<T>(env: Env, body: WorkerFunction<T>, options: WorkerOptions = {}): Coroutine<WorkerHandle<T>> {
    const wishes = wishesOf(options);
    const handle = this.#newHandle<T>(options);
    yield* addTo(env, this.#group.live, 1);
    yield* env.spawn(this.#program(body, handle, wishes), { name: handle.name });
    return handle;
  }

  #newHandle<T>(options: WorkerOptions): WorkerHandle<T> {
    const record = this.#freeRecords.pop() ?? this.#space.kernel.allocate(RECORD_SIZE, 64);
    return { name: options.name ?? `worker-${this.#spawned++}`, record, result: undefined };
  }

  /** The kernel task under a worker: registers, waits to be run, runs the body, unregisters. */
  #program<T>(body: WorkerFunction<T>, handle: WorkerHandle<T>, wishes: Wishes): Program {
    const group = this.#group;
    const { record } = handle;
    const spawn = <U>(
      env: Env,
      child: WorkerFunction<U>,
      options?: WorkerOptions,
    ): Coroutine<WorkerHandle<U>> => this.#spawnFrom(env, child, options);
    const servers = this.#serverRecords;
    return function* (env: Env): Coroutine<void> {
      const { memory } = env;
      yield* memory.store32(tidOf(record), env.tid);
      yield* initSchedulingWords(env, record, wishes);
      yield* memory.store32(apiVersionOf(record), UMCG_API_VERSION);
      yield* memory.store64(idleWorkersOf(record), wordFromAddr(group.idleWorkers));
      yield* memory.store64(idleServersOf(record), wordFromAddr(group.idleServers));
      yield* memory.store32(stateOf(record), UMCG_TASK_IDLE);
      // Listed by the kernel, asleep, until a server runs it.
      check("umcg_ctl(REGISTER|WORKER)", yield* env.umcg.ctl(UMCG_CTL_REGISTER | UMCG_CTL_WORKER, record));
      const worker = new Worker(env, handle, group, servers, spawn);
      handle.result = yield* body(worker);
      const left = yield* abandonHeld(worker);
      if (left !== undefined) throw left;
      yield* memory.store32(doneOf(record), 1);
      const joiner = yield* joinerOfRecord(memory, record);
      if (joiner !== NULL) yield* worker.unpark({ record: joiner });
      yield* finish(env, group, record, servers);
    };
  }
}

/** The last steps of a worker: off its server, out of UMCG. The group stops when it was the last. */
function* finish(env: Env, group: Group, record: Addr, servers: ReadonlyMap<number, Addr>): Coroutine<void> {
  const { memory } = env;
  yield* memory.store32(stateOf(record), UMCG_TASK_RUNNING | UMCG_TF_LOCKED);
  const serverTid = yield* memory.load32(serverTidOf(record));
  const server = servers.get(serverTid) ?? NULL;
  yield* memory.store32(requestOf(server), REQUEST_EXIT);
  // Before the server runs on: it is the one that sees the count at 0 and stops the others.
  yield* addTo(env, group.live, -1);
  yield* memory.store32(stateOf(server), UMCG_TASK_RUNNING);
  yield* wakeOnly(env, record, serverTid);
  check("umcg_ctl(UNREGISTER)", yield* env.umcg.ctl(UMCG_CTL_UNREGISTER, NULL));
}

function* addTo(env: Env, word: Addr, delta: number): Coroutine<void> {
  // Bounded by the other writers: each failure is somebody else's success.
  for (;;) {
    const value = yield* env.memory.load32(word);
    if ((yield* env.memory.cmpxchg32(word, value, (value + delta) >>> 0)) === 0) return;
  }
}

/** Creates servers and an empty group of workers on a machine. Throws ERR_RUNTIME_CONFIG, ERR_USER_MEMORY. */
export function createRuntime(
  machine: { readonly userSpace: UserSpace },
  options: RuntimeOptions = {},
): Runtime {
  return new Runtime(machine.userSpace, options);
}
