/**
 * As little of a thread library as the scenarios ask for, on raw calls and words that both profiles have.
 *
 * Basic tasks (servers without workers) wait, wake and swap. A wake-up of a task that is RUNNING is queued in a user bit of its
 * word, one at most, and its next wait takes it: so they commute. Servers poll and run workers; workers park, swap and leave.
 */
import {
  allocateGroup,
  allocateRecord,
  type Group,
  leaveTo,
  registerServer,
  registerWorker,
  switchTo,
  takeIdleWorkers,
  unregister,
  waitForWorkers,
} from "../../../src/bench/workloads/umcg-user.ts";
import {
  type Addr,
  type Coroutine,
  type Env,
  idleWorkersOf,
  type Machine,
  nextTidOf,
  push,
  serverTidOf,
  stateOf,
  type Tid,
  UMCG_TASK_IDLE,
  UMCG_TASK_RUNNING,
  UMCG_TF_LOCKED,
  UMCG_TF_STATE_MASK,
  UMCG_WAIT_WAKE_ONLY,
} from "../../../src/index.ts";
import { boot } from "../../support/boot.ts";

export type Profile = "posted" | "hardened";
export const PROFILES: readonly Profile[] = ["posted", "hardened"];

const QUEUED = 0x01000000;

/** Who a task is: its record, and its tid as soon as it has been spawned. */
export interface Who {
  readonly record: Addr;
  tid: Tid;
}

export function who(machine: Machine): Who {
  return { record: allocateRecord(machine), tid: 0 as Tid };
}

/** What never fails. */
export function must(result: number, expected = 0): void {
  if (result !== expected) throw new Error(`a call returned ${result}, not ${expected}`);
}

// ---- basic tasks ----------------------------------------------------------------------------------------------------

/** Takes a queued wake-up, or becomes IDLE. Whether it has become IDLE. */
function* becomeIdle(env: Env, self: Who): Coroutine<boolean> {
  const word = stateOf(self.record);
  if ((yield* env.memory.cmpxchg32(word, UMCG_TASK_RUNNING, UMCG_TASK_IDLE)) === 0) return true;
  yield* env.memory.store32(word, UMCG_TASK_RUNNING);
  return false;
}

/** Marks a task RUNNING, or queues the wake-up, if none is. Whether it has to be woken. */
function* mark(env: Env, other: Who): Coroutine<boolean> {
  const word = stateOf(other.record);
  // Bounded: it is IDLE, or RUNNING, or becomes one of them, or has a wake-up queued.
  for (;;) {
    if ((yield* env.memory.cmpxchg32(word, UMCG_TASK_IDLE, UMCG_TASK_RUNNING)) === 0) return true;
    const queued = UMCG_TASK_RUNNING | QUEUED;
    if ((yield* env.memory.cmpxchg32(word, UMCG_TASK_RUNNING, queued)) === 0) return false;
    if (env.memory.observed32 !== UMCG_TASK_IDLE) return false;
  }
}

export function* wait(env: Env, self: Who): Coroutine<void> {
  if (!(yield* becomeIdle(env, self))) return;
  yield* env.memory.store32(nextTidOf(self.record), 0);
  must(yield* env.umcg.wait(0));
}

export function* wake(env: Env, self: Who, other: Who): Coroutine<void> {
  if (!(yield* mark(env, other))) return;
  yield* env.memory.store32(nextTidOf(self.record), other.tid);
  must(yield* env.umcg.wait(UMCG_WAIT_WAKE_ONLY));
}

/** wake and wait in one call, if there is something to do for both. */
export function* swap(env: Env, self: Who, other: Who): Coroutine<void> {
  const idle = yield* becomeIdle(env, self);
  const sleeps = yield* mark(env, other);
  yield* env.memory.store32(nextTidOf(self.record), sleeps ? other.tid : 0);
  if (idle) must(yield* env.umcg.wait(0));
  else if (sleeps) must(yield* env.umcg.wait(UMCG_WAIT_WAKE_ONLY));
}

/** A machine on which `bodies` run as basic tasks that know each other. Returns it when all have ended. */
export function basicTasks(
  umcg: Profile,
  vcpus: number,
  ...bodies: readonly ((env: Env, self: Who, other: Who) => Coroutine<void>)[]
): Machine {
  const { machine } = boot({ umcg, vcpus });
  const all = bodies.map(() => who(machine));
  let registered = 0;
  bodies.forEach((body, i) => {
    const self = all[i]!;
    self.tid = machine.spawn(function* (env) {
      yield* registerServer(env, self.record);
      // Nobody is woken while it registers.
      for (registered++; registered < all.length; ) yield* env.sys.schedYield();
      yield* body(env, self, all[(i + 1) % all.length]!);
      yield* unregister(env);
    });
  });
  machine.run();
  return machine;
}

// ---- servers and workers --------------------------------------------------------------------------------------------

/** One server and its workers. */
export class Yard {
  readonly machine: Machine;
  readonly group: Group;
  readonly server: Who;
  readonly workers: Who[] = [];
  /** Workers that have left. */
  readonly gone: Set<Who> = new Set();
  /** Whom the server was passed to last. */
  #latest: Who | undefined;

  constructor(umcg: Profile, vcpus = 1) {
    this.machine = boot({ umcg, vcpus }).machine;
    this.group = allocateGroup(this.machine);
    this.server = who(this.machine);
  }

  worker(body: (env: Env, self: Who) => Coroutine<void>): Who {
    const self = who(this.machine);
    this.workers.push(self);
    self.tid = this.machine.spawn((env) => this.#live(env, self, body), { name: `w${this.workers.length}` });
    return self;
  }

  /** Runs the machine, with `body` as the server. */
  serve(body: (env: Env) => Coroutine<void>): void {
    const { server } = this;
    server.tid = this.machine.spawn(
      function* (env) {
        yield* registerServer(env, server.record);
        yield* body(env);
        yield* unregister(env);
      },
      { name: "server" },
    );
    this.machine.run();
  }

  *#live(env: Env, self: Who, body: (env: Env, self: Who) => Coroutine<void>): Coroutine<void> {
    yield* registerWorker(env, self.record, this.group);
    yield* body(env, self);
    // What libumcg's unregister does: its server first, which v0.3 leaves to user space (F43).
    this.gone.add(self);
    yield* leaveTo(env, self.record, this.server.record, this.server.tid);
    yield* unregister(env);
  }

  /** Listed workers, oldest first; waits until there are any. */
  *poll(env: Env): Coroutine<Who[]> {
    return this.#named(yield* waitForWorkers(env, this.server.record, this.group));
  }

  /** Listed workers, if there are any. */
  *look(env: Env): Coroutine<Who[]> {
    return this.#named(yield* takeIdleWorkers(env, this.group));
  }

  #named(records: readonly Addr[]): Who[] {
    return records.map((record) => this.workers.find((w) => w.record === record)!).reverse();
  }

  /** Runs a worker that is polled. Returns when the server is back: the worker it has ended up with, if that has not left. */
  *run(env: Env, worker: Who): Coroutine<Who | undefined> {
    this.#latest = worker;
    yield* env.memory.store32(serverTidOf(worker.record), env.tid);
    yield* switchTo(env, this.server.record, worker.record, worker.tid);
    return this.gone.has(this.#latest) ? undefined : this.#latest;
  }

  /** The worker parks of its own accord: its server goes on. LOCKED, as rule 6 wants it. */
  *park(env: Env, self: Who): Coroutine<void> {
    const word = stateOf(self.record);
    yield* env.memory.store32(word, UMCG_TASK_RUNNING | UMCG_TF_LOCKED);
    yield* env.memory.store32(stateOf(this.server.record), UMCG_TASK_RUNNING);
    yield* env.memory.store32(word, UMCG_TASK_IDLE | UMCG_TF_LOCKED);
    yield* env.memory.store32(nextTidOf(self.record), 0);
    must(yield* env.umcg.wait(0));
  }

  /** The worker passes its server on to another, parked or polled, and parks. */
  *swap(env: Env, self: Who, other: Who): Coroutine<void> {
    const word = stateOf(self.record);
    yield* env.memory.store32(word, UMCG_TASK_RUNNING | UMCG_TF_LOCKED);
    yield* env.memory.store32(serverTidOf(other.record), this.server.tid);
    yield* env.memory.store32(word, UMCG_TASK_IDLE | UMCG_TF_LOCKED);
    this.#latest = other;
    yield* env.memory.store32(stateOf(other.record), UMCG_TASK_RUNNING);
    yield* env.memory.store32(nextTidOf(self.record), other.tid);
    must(yield* env.umcg.wait(0));
    yield* env.memory.store32(nextTidOf(self.record), 0);
  }

  /** Makes a parked worker one that is polled: user space lists it, as the kernel lists one that woke up. */
  *wake(env: Env, worker: Who): Coroutine<void> {
    yield* push(env.memory, this.group.idleWorkers, idleWorkersOf(worker.record));
  }

  *state(env: Env, { record }: Who): Coroutine<number> {
    return (yield* env.memory.load32(stateOf(record))) & UMCG_TF_STATE_MASK;
  }
}
