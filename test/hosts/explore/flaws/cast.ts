/**
 * User space of the explored scenarios: servers and workers on the raw calls, by the rules of docs/umcg.md and
 * docs/hardened.md at once, so that one program text serves both profiles.
 *
 * Everything that tasks share lies in user memory. What a task keeps to itself it keeps in variables.
 */
import { type Addr, NULL, wordFromAddr } from "../../../../src/atomics/address.ts";
import { EINTR, ESRCH } from "../../../../src/atomics/errno.ts";
import type { Coroutine } from "../../../../src/atomics/step.ts";
import type { TaskOptions } from "../../../../src/kernel-sim/clone.ts";
import type { Tid } from "../../../../src/kernel-sim/ids.ts";
import { markDeleted, next, peek, push, takeAll, unlinkDeleted } from "../../../../src/llist/llist.ts";
import type { ExploredMachine } from "../../../../src/machine/explored-machine.ts";
import {
  apiVersionOf,
  idleServersOf,
  idleWorkersOf,
  nextTidOf,
  serverTidOf,
  stateOf,
  taskOfServerNode,
  taskOfWorkerNode,
  UMCG_CTL_REGISTER,
  UMCG_CTL_UNREGISTER,
  UMCG_CTL_WORKER,
  UMCG_TASK_IDLE,
  UMCG_TASK_RUNNING,
  UMCG_TF_LOCKED,
  UMCG_TF_STATE_MASK,
  UMCG_WAIT_WAKE_ONLY,
} from "../../../../src/umcg/abi.ts";
import type { Env } from "../../../../src/umcg/env.ts";

const RECORD_BYTES = 128;

export function must(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

/** The tasks of one scenario, the two lists that they share, and how many workers have not ended. */
export class Cast {
  readonly machine: ExploredMachine;
  readonly idleWorkers: Addr;
  readonly idleServers: Addr;
  readonly #live: Addr;

  constructor(machine: ExploredMachine) {
    this.machine = machine;
    this.idleWorkers = machine.allocate(8);
    this.idleServers = machine.allocate(8);
    this.#live = machine.allocate(4);
  }

  word(): Addr {
    return this.machine.allocate(4);
  }
  /** A record with a word behind it for the tid of whose record it is. */
  record(): Addr {
    return this.machine.allocate(RECORD_BYTES, 64);
  }

  spawn(name: string, body: (env: Env) => Coroutine<unknown>, options: TaskOptions = {}): Tid {
    return this.machine.spawn(body, { ...options, name });
  }

  /** A registered server does `body`, then unregisters. Returns its record. */
  server(name: string, body: (env: Env, self: Addr) => Coroutine<unknown>, options: TaskOptions = {}): Addr {
    const self = this.record();
    const cast = this;
    this.spawn(
      name,
      function* (env) {
        yield* cast.registerServer(env, self);
        yield* body(env, self);
        must((yield* env.umcg.ctl(UMCG_CTL_UNREGISTER, NULL)) === 0, `${name}: unregister`);
      },
      options,
    );
    return self;
  }

  /** A registered worker, once it has been run, does `body`, then leaves its server and unregisters. Returns its record. */
  worker(
    name: string,
    body: (env: Env, self: Addr) => Coroutine<unknown>,
    options: TaskOptions & { readonly servers?: Addr } = {},
  ): Addr {
    const self = this.record();
    const cast = this;
    const { servers = this.idleServers, ...rest } = options;
    this.countWorker();
    this.spawn(
      name,
      function* (env) {
        yield* cast.registerWorker(env, self, servers);
        yield* body(env, self);
        yield* cast.leave(env, self);
      },
      rest,
    );
    return self;
  }

  /** One more worker is going to end. For set-up. */
  countWorker(): void {
    const words = new Uint32Array(this.machine.kernel.buffer);
    words[this.#live >>> 2]!++;
  }

  *registerServer(env: Env, self: Addr): Coroutine<void> {
    const { memory } = env;
    yield* memory.store32(apiVersionOf(self), 1);
    yield* memory.store32(tidOf(self), env.tid);
    yield* memory.store32(stateOf(self), UMCG_TASK_RUNNING);
    must((yield* env.umcg.ctl(UMCG_CTL_REGISTER, self)) === 0, "a server registers");
    yield* memory.store32(serverTidOf(self), env.tid);
  }

  *registerWorker(env: Env, self: Addr, servers: Addr = this.idleServers): Coroutine<void> {
    const { memory } = env;
    yield* memory.store32(apiVersionOf(self), 1);
    yield* memory.store32(tidOf(self), env.tid);
    yield* memory.store32(stateOf(self), UMCG_TASK_IDLE);
    yield* memory.store64(idleServersOf(self), wordFromAddr(servers));
    yield* memory.store64(idleWorkersOf(self), wordFromAddr(this.idleWorkers));
    must((yield* env.umcg.ctl(UMCG_CTL_REGISTER | UMCG_CTL_WORKER, self)) === 0, "a worker registers");
  }

  /** The end of a worker that is on a server: it makes the server run on, LOCKED, so that its own end is no event. */
  *leave(env: Env, self: Addr): Coroutine<void> {
    yield* this.leaveServer(env, self);
    must((yield* env.umcg.ctl(UMCG_CTL_UNREGISTER, NULL)) === 0, "a worker unregisters");
  }

  /** A worker that runs leaves its server for good, LOCKED from here on. */
  *leaveServer(env: Env, self: Addr): Coroutine<void> {
    const { memory } = env;
    yield* lock(env, self);
    yield* this.died(env);
    const server = yield* memory.load32(serverTidOf(self));
    yield* memory.store32(stateOf(yield* this.recordOf(env, server)), UMCG_TASK_RUNNING);
    yield* memory.store32(nextTidOf(self), server);
    // It may have seen its word before it fell asleep (F12), and have gone by now.
    const result = yield* env.umcg.wait(UMCG_WAIT_WAKE_ONLY);
    must(result === 0 || result === -ESRCH, `a worker wakes its server: ${result}`);
  }

  /** A worker will not come back. */
  *died(env: Env): Coroutine<void> {
    const { memory } = env;
    for (;;) {
      const live = yield* memory.load32(this.#live);
      if ((yield* memory.cmpxchg32(this.#live, live, live - 1)) === 0) return;
    }
  }

  readonly #records: Map<number, Addr> = new Map();
  /** The record of a server; what this remembers never changes in an execution. */
  *recordOf(_env: Env, server: number): Coroutine<Addr> {
    return this.#records.get(server)!;
  }
  knows(server: number, record: Addr): void {
    this.#records.set(server, record);
  }

  /** Takes all workers that the kernel has listed, oldest first, and points them at the list again. */
  *collect(env: Env): Coroutine<Addr[]> {
    const { memory } = env;
    const records: Addr[] = [];
    for (let node = yield* takeAll(memory, this.idleWorkers); node !== NULL; ) {
      const following = yield* next(memory, node);
      yield* memory.store64(node, wordFromAddr(this.idleWorkers));
      records.push(taskOfWorkerNode(node));
      node = following;
    }
    return records.reverse();
  }

  /** Runs a worker that is the caller's until it lets go. False: it is dead. */
  *run(env: Env, self: Addr, worker: Addr): Coroutine<boolean> {
    yield* env.memory.store32(stateOf(self), UMCG_TASK_IDLE);
    return yield* this.handOver(env, self, worker);
  }

  /** The same of a server that has made itself IDLE. */
  *handOver(env: Env, self: Addr, worker: Addr): Coroutine<boolean> {
    const { memory } = env;
    yield* memory.store32(serverTidOf(worker), env.tid);
    yield* memory.store32(nextTidOf(self), yield* memory.load32(tidOf(worker)));
    const word = yield* memory.load32(stateOf(worker));
    const idle = (word & UMCG_TF_STATE_MASK) === UMCG_TASK_IDLE;
    if (!idle || (yield* memory.cmpxchg32(stateOf(worker), word, UMCG_TASK_RUNNING)) !== 0) {
      yield* memory.store32(stateOf(self), UMCG_TASK_RUNNING);
      yield* memory.store32(nextTidOf(self), 0);
      return false;
    }
    yield* this.sleep(env, self);
    return true;
  }

  /** sys_umcg_wait until the own word says RUNNING; next_tid is 0 afterwards. */
  *sleep(env: Env, self: Addr): Coroutine<void> {
    const { memory } = env;
    for (;;) {
      const result = yield* env.umcg.wait(0);
      yield* memory.store32(nextTidOf(self), 0);
      if (result === 0) return;
      must(result === -EINTR || result === -ESRCH, `a server's wait returned ${result}`);
      if ((yield* memory.load32(stateOf(self))) === UMCG_TASK_RUNNING) return;
    }
  }

  /** Publishes the server, looks once more, and sleeps until it is woken for something. */
  *idle(env: Env, self: Addr): Coroutine<void> {
    const { memory } = env;
    yield* memory.store32(stateOf(self), UMCG_TASK_IDLE);
    yield* push(memory, this.idleServers, idleServersOf(self));
    const work = (yield* memory.load64(this.idleWorkers)) !== 0n || (yield* memory.load32(this.#live)) === 0;
    if (work && (yield* markDeleted(memory, idleServersOf(self)))) {
      yield* memory.store32(stateOf(self), UMCG_TASK_RUNNING);
    } else yield* this.sleep(env, self);
    // One collector at a time: of a scenario's servers only one serves.
    yield* unlinkDeleted(memory, this.idleServers, () => {});
  }

  /** Runs what there is to run until every worker has ended. */
  *serve(env: Env, self: Addr): Coroutine<void> {
    const { memory } = env;
    const ready: Addr[] = [];
    this.knows(env.tid, self);
    for (;;) {
      ready.push(...(yield* this.collect(env)));
      const worker = ready.shift();
      if (worker !== undefined) {
        if (!(yield* this.run(env, self, worker))) yield* this.died(env);
      } else if ((yield* memory.load32(this.#live)) === 0) break;
      else yield* this.idle(env, self);
    }
    yield* this.wakeAnother(env, self);
  }

  /** The same without the list of idle servers: looks, sleeps for a while, looks again. `not`: not to be run. */
  *poll(env: Env, self: Addr, not: readonly Addr[] = []): Coroutine<void> {
    this.knows(env.tid, self);
    while ((yield* env.memory.load32(this.#live)) !== 0) {
      for (const worker of yield* this.collect(env))
        if (!not.includes(worker) && !(yield* this.run(env, self, worker))) yield* this.died(env);
      yield* env.sys.nanosleep(1);
    }
  }

  /** Waits until the kernel has listed a worker, and takes it. */
  *first(env: Env, self: Addr): Coroutine<Addr> {
    this.knows(env.tid, self);
    let found = yield* this.collect(env);
    while (found.length === 0) {
      yield* this.idle(env, self);
      found = yield* this.collect(env);
    }
    return found[0]!;
  }

  /** Wakes an idle server, if there is one. */
  *wakeAnother(env: Env, self: Addr): Coroutine<void> {
    const { memory } = env;
    for (let node = yield* peek(memory, this.idleServers); node !== NULL; ) {
      if (yield* markDeleted(memory, node)) {
        const server = taskOfServerNode(node);
        if ((yield* memory.cmpxchg32(stateOf(server), UMCG_TASK_IDLE, UMCG_TASK_RUNNING)) === 0) {
          yield* memory.store32(nextTidOf(self), yield* memory.load32(tidOf(server)));
          yield* env.umcg.wait(UMCG_WAIT_WAKE_ONLY);
          yield* memory.store32(nextTidOf(self), 0);
          return;
        }
      }
      node = yield* peek(memory, this.idleServers);
    }
  }
}

/** Where a record's task has written its tid. */
export function tidOf(record: Addr): Addr {
  return (record + 64) as Addr;
}

/** A worker that runs takes its LOCKED flag. Others may set bits of the word meanwhile. */
export function* lock(env: Env, self: Addr): Coroutine<void> {
  const { memory } = env;
  for (;;) {
    const word = yield* memory.load32(stateOf(self));
    if ((yield* memory.cmpxchg32(stateOf(self), word, (word | UMCG_TF_LOCKED) & ~0x200)) === 0) return;
  }
}

/** A worker parks of its own accord: its server goes on, and it sleeps until somebody runs it. Returns what the wait did. */
export function* park(cast: Cast, env: Env, self: Addr, absTimeoutNs = 0): Coroutine<number> {
  const { memory } = env;
  yield* lock(env, self);
  const server = yield* memory.load32(serverTidOf(self));
  yield* memory.store32(stateOf(yield* cast.recordOf(env, server)), UMCG_TASK_RUNNING);
  yield* memory.store32(stateOf(self), UMCG_TASK_IDLE | UMCG_TF_LOCKED);
  return yield* env.umcg.wait(0, absTimeoutNs);
}

/** Sleeps in the kernel until `word` is not 0. */
export function* blockOn(env: Env, word: Addr): Coroutine<void> {
  while ((yield* env.memory.load32(word)) === 0) yield* env.sys.futexWait(word, 0);
}

/** Makes `word` 1 and wakes who sleeps for it. */
export function* signalWord(env: Env, word: Addr): Coroutine<void> {
  yield* env.memory.store32(word, 1);
  yield* env.sys.futexWake(word, 8);
}
