/**
 * The servers of one runtime: how many there are, and what each of them has done.
 *
 * There are `maxServers` places, each with a record and statistics, and as many servers as the group's `target` says, in the
 * first places. A place's word (`placeOf`) says whether a task is in it:
 *
 *     FREE -> TAKEN: whoever starts a server there, or the one that has just left it and is wanted again
 *     TAKEN -> FREE: the server, when the kernel has forgotten it
 *
 * Both by compare-exchange. Growing writes the target first and then takes the places that are free; leaving frees the
 * place first and then reads the target: so a server that is wanted is started by one of the two, and by one only. Several
 * may resize at once: the last target counts.
 *
 * With ticks the servers are real-time tasks. A server whose tick comes shares its CPU with the worker it is to stop (F37):
 * as an equal of it in the fair class it would be let in at the end of the worker's slice, milliseconds later. One queue for all CPUs knows
 * no real-time tasks: there it has to be one.
 *
 * Shrinking only writes the target, and wakes the servers that sleep, who look at it; a busy one retires when its worker
 * lets go, at the latest at its next tick if there are ticks and somebody waits. Work is not lost: see server.ts.
 */
import { type Addr, NULL } from "../atomics/address.ts";
import type { Coroutine } from "../atomics/step.ts";
import type { TaskOptions } from "../kernel-sim/clone.ts";
import type { Tid } from "../kernel-sim/ids.ts";
import {
  apiVersionOf,
  stateOf,
  UMCG_API_VERSION,
  UMCG_CTL_REGISTER,
  UMCG_CTL_UNREGISTER,
  UMCG_TASK_RUNNING,
} from "../umcg/abi.ts";
import type { Env, Program, UserSpace } from "../umcg/env.ts";
import { addTo, type Group } from "./group.ts";
import { placeOf } from "./policy-record.ts";
import { RECORD_SIZE } from "./record.ts";
import { RuntimeError } from "./runtime-error.ts";
import { check, Server, type ServerOptions } from "./server.ts";
import { readStats, SERVER_STATS_SIZE, type ServerStats, StatsWriter } from "./server-stats.ts";

const FREE = 0;
const TAKEN = 1;

export interface PoolOptions extends ServerOptions {
  readonly servers: number;
  readonly maxServers: number;
  readonly pin: boolean;
}

export class ServerPool {
  readonly #space: UserSpace;
  readonly #group: Group;
  readonly #options: PoolOptions;
  readonly #records: readonly Addr[];
  readonly #writers: readonly StatsWriter[];
  readonly #stats: readonly Addr[];
  readonly #end: () => void;

  /** `end` is called by the last server that leaves, as its last deed. */
  constructor(space: UserSpace, group: Group, options: PoolOptions, end: () => void) {
    const { kernel, memory } = space;
    this.#space = space;
    this.#group = group;
    this.#options = options;
    this.#end = end;
    const places = Array.from({ length: options.maxServers }, () => kernel.allocate(RECORD_SIZE, 64));
    this.#records = places;
    this.#stats = places.map(() => kernel.allocate(SERVER_STATS_SIZE, 64));
    this.#writers = this.#stats.map((at) => new StatsWriter(memory, at));
    this.resize(options.servers);
  }

  /** What each place's servers have done, as far as the machine has run. */
  stats(): ServerStats[] {
    const { kernel } = this.#space;
    return this.#stats.map((at) => readStats(kernel.local.buffer, at, kernel.host.now));
  }

  /** How many servers there are, or will be soon. For set-up code. */
  get target(): number {
    return this.#word(this.#group.target);
  }

  /** Changes the number of servers, from set-up code: before the machine runs, or while it does not. */
  resize(count: number): Tid[] {
    this.#check(count);
    this.#setWord(this.#group.target, count);
    const started: Tid[] = [];
    for (let index = 0; index < count; index++) {
      const place = placeOf(this.#records[index]!);
      if (this.#word(place) === TAKEN) continue;
      this.#setWord(place, TAKEN);
      this.#setWord(this.#group.serving, this.#word(this.#group.serving) + 1);
      started.push(this.#space.start(this.#program(index), this.#taskOptions(index)));
    }
    // Nobody else can tell the servers that sleep: a task of its own does.
    const tooMany = this.#records.some((at, index) => index >= count && this.#word(placeOf(at)) === TAKEN);
    if (tooMany) this.#space.start(this.#waker(count), { name: "resize" });
    return started;
  }

  /** The same from a task, `self` being its record. */
  *resizeFrom(env: Env, self: Addr, count: number): Coroutine<void> {
    this.#check(count);
    const { memory } = env;
    const group = this.#group;
    yield* memory.store32(group.target, count);
    for (let index = 0; index < count; index++) {
      if ((yield* memory.cmpxchg32(placeOf(this.#records[index]!), FREE, TAKEN)) !== 0) continue;
      yield* addTo(env, group.serving, 1);
      yield* env.spawn(this.#program(index), this.#taskOptions(index));
    }
    yield* this.#wakeFrom(env, self, count);
  }

  /** Wakes the servers that sleep in the places from `count` on. */
  *#wakeFrom(env: Env, self: Addr, count: number): Coroutine<void> {
    for (const record of this.#records.slice(count)) yield* this.#group.wakeServer(env, self, record);
  }

  /** A server's task: serves, and once more if it is wanted again by the time it has left. */
  #program(index: number): Program {
    const group = this.#group;
    const record = this.#records[index]!;
    const place = placeOf(record);
    return function* (this: ServerPool, env: Env): Coroutine<void> {
      const { memory } = env;
      const server = new Server(env, group, record, index, this.#writers[index]!, this.#options);
      // Bounded by the resizes.
      for (let wanted = true; wanted; ) {
        const retires = yield* server.serve();
        yield* memory.store32(place, FREE);
        wanted = retires && (yield* memory.load32(group.target)) > index;
        if (wanted) wanted = (yield* memory.cmpxchg32(place, FREE, TAKEN)) === 0;
      }
      const left = yield* addTo(env, group.serving, -1);
      // Where each CPU has a pool, what went wrong is known where it was met.
      if (left === 0 || this.#space.kernel.manyIsolates) this.#end();
    }.bind(this);
  }

  /** A task that only wakes others: it has to be known to UMCG for that. */
  #waker(count: number): Program {
    const record = this.#space.kernel.allocate(RECORD_SIZE, 64);
    return function* (this: ServerPool, env: Env): Coroutine<void> {
      const { memory, umcg } = env;
      yield* memory.store32(apiVersionOf(record), UMCG_API_VERSION);
      yield* memory.store32(stateOf(record), UMCG_TASK_RUNNING);
      check("umcg_ctl(REGISTER)", yield* umcg.ctl(UMCG_CTL_REGISTER, record));
      yield* this.#wakeFrom(env, record, count);
      check("umcg_ctl(UNREGISTER)", yield* umcg.ctl(UMCG_CTL_UNREGISTER, NULL));
    }.bind(this);
  }

  #taskOptions(index: number): TaskOptions {
    const { kernel } = this.#space;
    const affinity = [index % kernel.config.vcpus];
    const realtime = this.#options.preemptNs > 0 && !kernel.fair.shared;
    return {
      name: `server-${index}`,
      ...(this.#options.pin ? { affinity } : {}),
      ...(realtime ? { policy: "fifo", rtPriority: 1 } : {}),
    };
  }

  #check(count: number): void {
    const { maxServers } = this.#options;
    if (Number.isInteger(count) && count >= 1 && count <= maxServers) return;
    throw new RuntimeError(
      "ERR_RUNTIME_CONFIG",
      `servers must be an integer from 1 to ${maxServers} (maxServers), got ${count}`,
    );
  }

  // Set-up code runs while no task does, so it may use the words directly.
  #word(at: Addr): number {
    return new Uint32Array(this.#space.kernel.local.buffer, at, 1)[0]!;
  }
  #setWord(at: Addr, value: number): void {
    new Uint32Array(this.#space.kernel.local.buffer, at, 1)[0] = value;
  }
}
