/**
 * Programs as data: a list of things to do for each task, so that a generator can make them up and a shrinker can cut
 * them down. Every list ends; a task may still wait for ever, which a run reports as a deadlock.
 */
import { type Addr, offsetBy } from "../../src/atomics/address.ts";
import type { Coroutine } from "../../src/atomics/step.ts";
import {
  MADV_PAGEOUT,
  NR_GETTID,
  O_NONBLOCK,
  SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP,
  SIGUSR1,
  TIMER_ABSTIME,
} from "../../src/kernel-sim/constants.ts";
import { MachineError } from "../../src/kernel-sim/errors.ts";
import type { SchedAttr } from "../../src/kernel-sim/syscalls/sched-attr.ts";
import type { Machine, RunResult } from "../../src/machine.ts";
import { Env } from "../../src/umcg/env.ts";
import type { Runtime } from "../../src/worker/runtime.ts";
import { poke } from "./inspect.ts";

export type Action =
  | { readonly do: "work" | "sleep"; readonly ns: number }
  | { readonly do: "yield" }
  /** Sleeps until somebody wakes this word. */
  | { readonly do: "wait"; readonly word: number; readonly timeoutNs?: number | undefined }
  /** Sleeps until a point of time, which may have passed. */
  | { readonly do: "sleepUntil"; readonly ns: number }
  /** Wakes some waiters of a word and moves the others to another. */
  | { readonly do: "requeue"; readonly word: number; readonly to: number; readonly wake: number }
  | { readonly do: "wake"; readonly word: number; readonly count: number }
  | { readonly do: "read" | "write"; readonly pipe: number; readonly bytes: number }
  | { readonly do: "touch" | "pageOut"; readonly page: number }
  /** Adds 1 to a counter, or takes it, which may block. */
  | { readonly do: "count"; readonly counter: number; readonly add: boolean }
  /** Arms the timer that everybody can read. */
  | { readonly do: "alarm"; readonly ns: number; readonly periodNs: number }
  /** Watches a file, or no more, and waits for what is watched. */
  | {
      readonly do: "watch";
      readonly file: number;
      readonly op: number;
      readonly events: number;
      readonly timeoutNs: number;
    }
  /** A signal that every task handles by computing for a moment. */
  | { readonly do: "signal"; readonly task: number }
  /** Binds a task to CPUs, given as numbers modulo the machine's. */
  | { readonly do: "bind"; readonly task: number; readonly cpus: readonly number[] }
  /** Changes how a task is scheduled, sensibly or not. */
  | { readonly do: "schedule"; readonly task: number; readonly attr: Partial<SchedAttr> }
  /** Starts a task that does this and waits for its end. */
  | { readonly do: "child"; readonly actions: readonly Action[]; readonly exec?: boolean }
  /** Takes that signal no more for now, or again. */
  | { readonly do: "mask"; readonly how: number }
  /** Traps the caller's gettid(), makes that call, and has a child answer it. */
  | { readonly do: "trap" };

export interface TaskPlan {
  readonly actions: readonly Action[];
  readonly nice: number;
  /** CPUs as numbers modulo the machine's; empty = all. */
  readonly affinity: readonly number[];
}

export const WORDS = 3;
export const PIPES = 2;
export const PAGES = 4;
export const COUNTERS = 2;

/** The memory and the pipes that the tasks of a plan share. */
export interface Commons {
  readonly words: Addr;
  readonly pages: Addr;
  readonly buffer: Addr;
  /** The number 1, in 64 bits. */
  readonly one: Addr;
  /** Read ends. */
  readonly pipes: number[];
  /** Two counters that block, a timer that does not, an epoll. */
  readonly files: number[];
  readonly vcpus: number;
  /** Do primitives wake with WF_CURRENT_CPU? */
  readonly sync: boolean;
  /** tids of the plan's tasks. */
  readonly tids: number[];
  /** Those and the tids of workers: whom to bind. A signal to a parked worker is flaw F6 of the posted UMCG. */
  readonly everybody: number[];
}

/** Who performs actions: a task, or a worker of the thread library, which starts no kernel tasks. */
type Actor = Pick<Env, "sys" | "memory" | "work" | "tid">;

/** Spawns the tasks of a plan. Pipes are opened by the first of them to run. */
export function spawnPlan(machine: Machine, plan: readonly TaskPlan[]): Commons {
  const { vcpus, wake } = machine.kernel.config;
  const commons: Commons = {
    vcpus,
    sync: wake.futex === "current-cpu",
    words: machine.allocate(4 * WORDS),
    pages: machine.allocate(4096 * PAGES, 4096),
    buffer: machine.allocate(256),
    one: oneAt(machine.allocate(8), machine),
    pipes: [],
    files: [],
    tids: [],
    everybody: [],
  };
  machine.protect(commons.pages, 4096 * PAGES, "absent");
  for (const { actions, nice, affinity } of plan) {
    const cpus = affinity.map((cpu) => cpu % vcpus);
    const tid = machine.spawn(
      (env) => live(env, commons, actions),
      cpus.length === 0 ? { nice } : { nice, affinity: cpus },
    );
    commons.tids.push(tid);
    commons.everybody.push(tid);
  }
  return commons;
}

/** Spawns workers that share with the tasks of a plan; `nice` and `affinity` are the tasks' business. */
export function spawnWorkers(runtime: Runtime, commons: Commons, plan: readonly TaskPlan[]): void {
  for (const { actions } of plan) {
    runtime.spawn(function* (worker) {
      commons.everybody.push(worker.tid);
      yield* live(worker, commons, actions);
      yield* worker.yield();
    });
  }
}

function oneAt(a: Addr, machine: Machine): Addr {
  poke(machine, a, [1]);
  return a;
}

function* openFiles(env: Actor, { pipes, files }: Commons): Coroutine<void> {
  while (pipes.length < PIPES) pipes.push(yield* env.sys.pipe());
  if (files.length > 0) return;
  // Claimed at once: another task may come in between two calls.
  files.push(-1);
  const opened: number[] = [];
  for (let counter = 0; counter < COUNTERS; counter++) opened.push(yield* env.sys.eventfd(counter));
  opened.push(yield* env.sys.timerfdCreate(O_NONBLOCK), yield* env.sys.epollCreate());
  files.splice(0, 1, ...opened);
}

function* live(env: Actor, commons: Commons, actions: readonly Action[]): Coroutine<void> {
  yield* openFiles(env, commons);
  yield* env.sys.sigaction(SIGUSR1, () => env.work(777) as Coroutine<void>);
  yield* perform(env, commons, actions);
}

function* perform(env: Actor, commons: Commons, actions: readonly Action[]): Coroutine<void> {
  for (const action of actions) yield* performOne(env, commons, action);
}

function* performOne(env: Actor, commons: Commons, action: Action): Coroutine<void> {
  const { sys } = env;
  switch (action.do) {
    case "work":
      yield* env.work(action.ns);
      break;
    case "sleep":
      yield* sys.nanosleep(action.ns);
      break;
    case "yield":
      yield* sys.schedYield();
      break;
    case "wait":
      yield* sys.futexWait(offsetBy(commons.words, 4 * action.word), 0, action.timeoutNs);
      break;
    case "sleepUntil":
      yield* sys.clockNanosleep(TIMER_ABSTIME, action.ns);
      break;
    case "requeue":
      yield* sys.futexRequeue({
        from: offsetBy(commons.words, 4 * action.word),
        to: offsetBy(commons.words, 4 * action.to),
        wake: action.wake,
        move: 2,
        expected: 0,
      });
      break;
    case "wake":
      yield* sys.futexWake(offsetBy(commons.words, 4 * action.word), action.count);
      break;
    case "read":
      yield* sys.read(commons.pipes[action.pipe]!, commons.buffer, action.bytes);
      break;
    case "write":
      yield* sys.write(commons.pipes[action.pipe]! + 1, commons.buffer, action.bytes);
      break;
    case "touch":
      yield* env.memory.store32(offsetBy(commons.pages, 4096 * action.page), env.tid);
      break;
    case "count":
    case "alarm":
    case "watch":
      yield* useFiles(env, commons, action);
      break;
    case "pageOut":
      yield* sys.madvise(offsetBy(commons.pages, 4096 * action.page), 4096, MADV_PAGEOUT);
      break;
    case "signal":
      yield* sys.kill(commons.tids[action.task % commons.tids.length]!, SIGUSR1);
      break;
    case "bind": {
      const cpus = action.cpus.map((cpu) => cpu % commons.vcpus);
      yield* sys.schedSetaffinity(commons.everybody[action.task % commons.everybody.length]!, cpus);
      break;
    }
    case "schedule":
      yield* sys.schedSetattr(commons.tids[action.task % commons.tids.length]!, action.attr);
      break;
    case "child": {
      if (!(env instanceof Env)) break;
      const child = yield* env.spawn(function* (own) {
        const rest = (its: Env): Coroutine<void> => perform(its, commons, action.actions);
        yield* action.exec === true ? own.exec(rest) : rest(own);
      });
      yield* sys.join(child);
      break;
    }
    case "mask":
      yield* sys.sigprocmask(action.how, 1 << SIGUSR1);
      break;
    case "trap":
      if (env instanceof Env) yield* trapOnce(env, commons);
  }
}

/** A call of this task that a child answers; whatever signals come, both end. Once a task: a filter stays. */
function* trapOnce(env: Env, commons: Commons): Coroutine<void> {
  const fd = yield* env.sys.seccompNotify(NR_GETTID);
  if (fd < 0) return;
  yield* env.sys.notifySetFlags(fd, commons.sync ? SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP : 0);
  const child = yield* env.spawn(function* (own) {
    const id = yield* own.sys.notifyReceive(fd);
    if (id > 0) yield* own.sys.notifySend(fd, id, 1);
  });
  yield* env.sys.gettid();
  yield* env.sys.close(fd);
  yield* env.sys.join(child);
}

type FileAction = Extract<Action, { do: "count" | "alarm" | "watch" }>;

function* useFiles(env: Actor, commons: Commons, action: FileAction): Coroutine<void> {
  const { sys } = env;
  const { files, pipes, buffer } = commons;
  const [timer = -1, epoll = -1] = files.slice(COUNTERS);
  if (action.do === "count") {
    const fd = files[action.counter]!;
    yield* action.add ? sys.write(fd, commons.one, 8) : sys.read(fd, buffer, 8);
  } else if (action.do === "alarm") {
    yield* sys.timerfdSettime(timer, 0, action.ns, action.periodNs);
    yield* sys.read(timer, buffer, 8);
  } else {
    const watchable = [...files.slice(0, COUNTERS), timer, ...pipes, ...pipes.map((fd) => fd + 1)];
    yield* sys.epollCtl(epoll, action.op, watchable[action.file % watchable.length]!, action.events);
    yield* sys.epollWait(epoll, buffer, 4, action.timeoutNs);
  }
}

/** Events of the host after which a run of a small program is one that does not end. */
const MAX_EVENTS = 100_000;

/** Runs a machine to its end, of which a deadlock is one, or up to a time. Throws when it does not come to an end. */
export function runOut(machine: Machine, untilNs?: number): RunResult & { readonly deadlocked: boolean } {
  const { host } = machine;
  const stop = (): boolean => host.events > MAX_EVENTS;
  try {
    const result = machine.run(untilNs === undefined ? { stop } : { untilNs, stop });
    if (stop()) throw new Error(`no end after ${MAX_EVENTS} events, at ${result.virtualNs} ns`);
    return { ...result, deadlocked: false };
  } catch (error) {
    if (!(error instanceof MachineError && error.code === "ERR_DEADLOCK")) throw error;
    return { ...machine.result(), deadlocked: true };
  }
}
