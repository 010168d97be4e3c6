/** Random programs of kernel mode: two or three tasks of a few calls on few objects, so that they meet. */
import fc from "fast-check";
import { type Addr, NULL, offsetBy, wordFromAddr } from "../../src/atomics/address.ts";
import type { Coroutine } from "../../src/atomics/step.ts";
import type { KernelOptions, KernelProgram } from "../../src/explore/index.ts";
import { SIGKILL, SIGUSR1 } from "../../src/kernel-sim/constants.ts";
import { push, takeAll } from "../../src/llist/llist.ts";
import type { ExploredMachine } from "../../src/machine/explored-machine.ts";
import { spinLock, spinUnlock } from "../../src/server/spin-lock.ts";
import {
  apiVersionOf,
  idleServersOf,
  idleWorkersOf,
  nextTidOf,
  serverTidOf,
  stateOf,
  taskOfWorkerNode,
  UMCG_API_VERSION,
  UMCG_CTL_REGISTER,
  UMCG_CTL_UNREGISTER,
  UMCG_CTL_WORKER,
  UMCG_TASK_IDLE,
  UMCG_TASK_RUNNING,
  UMCG_TF_PREEMPTED,
  UMCG_WAIT_WAKE_ONLY,
} from "../../src/umcg/abi.ts";
import type { Env } from "../../src/umcg/env.ts";

export const KINDS = [
  "load",
  "store",
  "cas",
  "wait",
  "timed",
  "wake",
  "yield",
  "signal",
  "kill",
  "sleep",
  "spawn",
  "pin",
  "post",
  "take",
  "server",
  "switch",
] as const;
/** With servers that run workers, flags and kicks, and pipes. */
const SERVED = ["worker", "run", "idle", "kick", "pipe", "read", "write", "close"] as const;
export const MORE_KINDS: readonly Kind[] = [...KINDS, ...SERVED];
/** Calls among which no look is repeated behind a sched_yield but in a spin loop. */
export const SPIN_KINDS = ["load", "store", "cas", "wait", "wake", "kill", "sleep", "lock", "await"] as const;
export type Kind = (typeof KINDS)[number] | (typeof SERVED)[number] | (typeof SPIN_KINDS)[number];
/** What is called, on which word or file, and with which value or task. */
export type Call = readonly [kind: Kind, object: number, value: number];

export interface RandomKernelProgram {
  readonly tasks: readonly { readonly calls: readonly Call[]; readonly cpu: number }[];
  readonly vcpus: number;
  /** Of each kind of what may happen beside: how often. */
  readonly noise: readonly [preemptions: number, spuriousWakes: number, signals: number];
}

export function randomKernelProgram(
  kinds: readonly Kind[],
  options: { readonly maxCalls: number; readonly noisy: boolean },
): fc.Arbitrary<RandomKernelProgram> {
  const call = fc.tuple(fc.constantFrom(...kinds), fc.nat(1), fc.nat(2));
  const task = fc.record({
    calls: fc.array(call, { minLength: 1, maxLength: options.maxCalls }),
    // 2: where the kernel wants it.
    cpu: fc.nat(2),
  });
  const some = options.noisy ? fc.nat(2) : fc.constant(0);
  return fc.record({
    tasks: fc.array(task, { minLength: 2, maxLength: 3 }),
    vcpus: fc.integer({ min: 1, max: 2 }),
    noise: fc.tuple(some, some, some),
  });
}

export function configOf({ vcpus, noise }: RandomKernelProgram): KernelOptions {
  const [preemptions, spuriousWakes, signals] = noise;
  const nondeterminism = { preemptions, spuriousWakes, signals };
  return { vcpus, maxTasks: 6, maxFiles: 2, maxPipes: 1, userBytes: 4096, paging: true, nondeterminism };
}

/** What tasks were answered, in the execution under way. */
export interface Answers {
  byTask: number[][];
}

interface Place {
  readonly machine: ExploredMachine;
  readonly words: readonly Addr[];
  /** Words that nothing but spin locks use. */
  readonly locks: readonly Addr[];
  readonly records: readonly Addr[];
  /** Heads of the lists of idle workers and of idle servers. */
  readonly heads: readonly [Addr, Addr];
  readonly answers: number[][];
}

export function asKernelProgram({ tasks, vcpus }: RandomKernelProgram, answers: Answers): KernelProgram {
  return (machine) => {
    answers.byTask = [];
    const words = [machine.allocate(4), machine.allocate(4), machine.allocate(8)];
    const locks = [machine.allocate(4), machine.allocate(4)];
    const records = tasks.map(() => machine.allocate(64, 64));
    const heads = [machine.allocate(8), machine.allocate(8)] as const;
    const place: Place = { machine, words, locks, records, heads, answers: answers.byTask };
    tasks.forEach(({ calls, cpu }, index) => {
      const affinity = cpu < vcpus ? { affinity: [cpu] } : {};
      machine.spawn((env) => body(place, env, calls, index), affinity);
    });
  };
}

function* body(place: Place, env: Env, calls: readonly Call[], index: number): Coroutine<void> {
  const answers: number[] = [];
  place.answers[index] = answers;
  let registered = false;
  for (const [kind, object, value] of calls) {
    if (kind === "server" || kind === "worker") {
      if (registered) continue;
      registered = true;
    }
    if (["switch", "run", "idle"].includes(kind) && !registered) continue;
    answers.push(yield* answer(place, env, [kind, object, value], index));
  }
  if (registered) yield* env.umcg.ctl(UMCG_CTL_UNREGISTER, NULL);
}

function* answer(place: Place, env: Env, [kind, object, value]: Call, index: number): Coroutine<number> {
  const { memory, sys } = env;
  const word = place.words[object]!;
  const target = 1 + (value % place.records.length);
  switch (kind) {
    case "load":
      return yield* memory.load32(word);
    case "store":
      yield* memory.store32(word, value);
      return 0;
    case "cas":
      return yield* memory.cmpxchg32(word, value, value + 1);
    case "wait":
      return yield* sys.futexWait(word, 0);
    case "timed":
      return yield* sys.futexWait(word, 0, 1_000);
    case "wake":
      return yield* sys.futexWake(word, 1 + value);
    case "yield":
      return yield* sys.schedYield();
    case "signal":
      yield* sys.sigaction(SIGUSR1, function* () {
        yield* memory.store32(place.words[0]!, 5);
      });
      return yield* sys.kill(target, SIGUSR1);
    case "kill":
      return yield* sys.kill(target, SIGKILL);
    case "sleep":
      return yield* sys.nanosleep(1 + value);
    case "spawn": {
      const child = yield* env.spawn(function* (inner) {
        yield* inner.memory.store32(word, 7);
      });
      return yield* sys.join(child);
    }
    case "pin":
      return yield* sys.schedSetaffinity(target, [object]);
    case "lock": {
      yield* spinLock(env, place.locks[object]!);
      const seen = yield* memory.load32(word);
      yield* memory.store32(word, seen + value);
      yield* spinUnlock(env, place.locks[object]!);
      return seen;
    }
    case "await":
      for (;;) {
        const seen = yield* memory.load32(word);
        if (seen !== 0) return seen;
        yield* sys.schedYield();
      }
    case "post":
    case "take":
      return yield* file(place, env, kind, value);
    case "pipe":
      return yield* sys.pipe(0);
    case "read":
      return yield* sys.read(3 + (value >> 1), place.words[2]!, 1);
    case "write":
      return yield* sys.write(3 + ((value + 1) >> 1), place.words[2]!, 1);
    case "close":
      return yield* sys.close(3 + object);
    case "kick": {
      const state = stateOf(place.records[target - 1]!);
      if (value > 0) yield* memory.cmpxchg32(state, UMCG_TASK_RUNNING, UMCG_TASK_RUNNING | UMCG_TF_PREEMPTED);
      return yield* env.umcg.kick(0, target);
    }
    default:
      return yield* umcg(place, env, kind, { index, target });
  }
}

/** An event file that whoever comes first has opened, as number 3. */
function* file(place: Place, env: Env, kind: Kind, value: number): Coroutine<number> {
  const buffer = place.words[2]!;
  if (value === 0) return yield* env.sys.eventfd(1);
  if (kind === "take") return yield* env.sys.read(3, buffer, 8);
  yield* env.memory.store32(buffer, 1);
  return yield* env.sys.write(3, buffer, 8);
}

function* umcg(
  place: Place,
  env: Env,
  kind: Kind,
  { index, target }: { readonly index: number; readonly target: number },
): Coroutine<number> {
  const { memory } = env;
  const self = place.records[index]!;
  if (kind === "worker") return yield* asWorker(place, env, self);
  if (kind === "idle") return yield* idle(place, env, self);
  if (kind === "server") {
    yield* memory.store32(apiVersionOf(self), 1);
    yield* memory.store32(stateOf(self), UMCG_TASK_RUNNING);
    return yield* env.umcg.ctl(UMCG_CTL_REGISTER, self);
  }
  const other = place.records[target - 1]!;
  if (other !== self && kind === "run") {
    yield* memory.store32(stateOf(self), UMCG_TASK_IDLE);
    yield* memory.store32(serverTidOf(other), env.tid);
    yield* memory.store32(stateOf(other), UMCG_TASK_RUNNING);
    yield* memory.store32(nextTidOf(self), target);
    return yield* env.umcg.wait(0, 1_000);
  }
  if (other !== self) {
    yield* memory.store32(stateOf(other), UMCG_TASK_RUNNING);
    yield* memory.store32(nextTidOf(self), target);
    return yield* env.umcg.wait(UMCG_WAIT_WAKE_ONLY);
  }
  yield* memory.store32(stateOf(self), UMCG_TASK_IDLE);
  yield* memory.store32(nextTidOf(self), 0);
  return yield* env.umcg.wait(0);
}

/** Returns when somebody runs it. */
function* asWorker({ heads }: Place, env: Env, self: Addr): Coroutine<number> {
  const { memory } = env;
  yield* memory.store32(apiVersionOf(self), UMCG_API_VERSION);
  yield* memory.store32(stateOf(self), UMCG_TASK_IDLE);
  yield* memory.store64(idleServersOf(self), wordFromAddr(heads[1]));
  yield* memory.store64(idleWorkersOf(self), wordFromAddr(heads[0]));
  return yield* env.umcg.ctl(UMCG_CTL_REGISTER | UMCG_CTL_WORKER, self);
}

/** A server lists itself and waits for a worker, which it runs. */
function* idle({ heads, records }: Place, env: Env, self: Addr): Coroutine<number> {
  const { memory } = env;
  yield* memory.store32(stateOf(self), UMCG_TASK_IDLE);
  yield* push(memory, heads[1], idleServersOf(self));
  yield* memory.store32(nextTidOf(self), 0);
  const waited = yield* env.umcg.wait(0, 1_000);
  const node = yield* takeAll(memory, heads[0]);
  if (node === 0) return waited;
  const worker = taskOfWorkerNode(node);
  yield* memory.store64(node, wordFromAddr(heads[0]));
  yield* memory.store32(serverTidOf(worker), env.tid);
  yield* memory.store32(stateOf(self), UMCG_TASK_IDLE);
  yield* memory.store32(stateOf(worker), UMCG_TASK_RUNNING);
  yield* memory.store32(nextTidOf(self), 1 + records.indexOf(worker));
  return yield* env.umcg.wait(0, 2_000);
}

/** What an execution has come to: answers, words, and what is wrong. */
export function outcomeOf(machine: ExploredMachine, answers: Answers, wrong: readonly string[]): string {
  const { kernel } = machine;
  const words = new Uint32Array(kernel.buffer, offsetBy(kernel.userBase, 0), 1024);
  const written = Array.from(words.entries()).filter(([, word]) => word !== 0);
  return JSON.stringify([answers.byTask, written, wrong]);
}
