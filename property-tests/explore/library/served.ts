/**
 * The thread library on the simulated kernel, explored completely: two workers that meet in one object, on one or two servers.
 *
 * Most interleavings of such a program are of what is no matter of the object: births, the first listing, a server that goes idle
 * while the other still looks for work, exits. So exploration begins at one of three *stages*, up to which all actors step in turn:
 *
 * | stage   | begins                                                                                       |
 * |---------|----------------------------------------------------------------------------------------------|
 * | waits   | one worker waits in the object, and all have come to rest but the other, which lets it go     |
 * | parks   | the same as soon as the word of the first says IDLE: it and its server are on their way to sleep |
 * | meets   | both run in user mode and come to the object                                                  |
 *
 * and ends at rest: both workers sleep behind the object and the servers for want of work. Spin loops of the library wait
 * (docs/kernel-mode.md): its looks behind sched_yield are all in loops.
 */
import type { Addr } from "../../../src/atomics/address.ts";
import type { Coroutine } from "../../../src/atomics/step.ts";
import { type Explorable, kernelProgram } from "../../../src/explore/index.ts";
import type { ExploredMachine } from "../../../src/machine/explored-machine.ts";
import type { PolicyName } from "../../../src/server/policies/index.ts";
import { stateOf, UMCG_TASK_IDLE } from "../../../src/umcg/abi.ts";
import { Channel, Condvar, createRuntime, Mutex, Semaphore } from "../../../src/worker/index.ts";
import type { Worker } from "../../../src/worker/worker.ts";
import type { WorkerHandle } from "../../../src/worker/worker-handle.ts";
import { must, type Subject } from "./subject.ts";

export type Stage = "waits" | "parks" | "meets";
type Body = (worker: Worker) => Coroutine<unknown>;

/** What the two do. */
interface Meeting {
  /** Of the other, before the first comes. */
  readonly before?: Body;
  readonly waits: Body;
  readonly letsGo: Body;
}

/** Looks of the other that change nothing, until everybody else has come to rest. */
const SETTLE = 130;

function mutexMeeting(machine: ExploredMachine): Meeting {
  const mutex = new Mutex(machine);
  const inside = machine.allocate(4);
  const enter: Body = function* (worker) {
    yield* mutex.lock(worker);
    must((yield* worker.memory.xchg32(inside, 1)) === 0, "two are inside");
  };
  const leave: Body = function* (worker) {
    yield* worker.memory.store32(inside, 0);
    yield* mutex.unlock(worker);
  };
  return {
    before: enter,
    *waits(worker) {
      yield* enter(worker);
      yield* leave(worker);
    },
    letsGo: leave,
  };
}

function condvarMeeting(machine: ExploredMachine): Meeting {
  const mutex = new Mutex(machine);
  const ready = new Condvar(machine, mutex);
  const condition = machine.allocate(4);
  return {
    *waits(worker) {
      yield* mutex.lock(worker);
      while ((yield* worker.memory.load32(condition)) === 0) yield* ready.wait(worker);
      yield* mutex.unlock(worker);
    },
    *letsGo(worker) {
      yield* mutex.lock(worker);
      yield* worker.memory.store32(condition, 1);
      yield* mutex.unlock(worker);
      yield* ready.notify(worker);
    },
  };
}

export const MEETINGS: Readonly<
  Record<string, (machine: ExploredMachine, first: () => WorkerHandle<unknown>) => Meeting>
> = {
  park: (_, first) => ({
    waits: (worker) => worker.park(),
    letsGo: (worker) => worker.unpark(first()),
  }),
  mutex: mutexMeeting,
  semaphore(machine) {
    const semaphore = new Semaphore(machine, 0);
    return { waits: (worker) => semaphore.acquire(worker), letsGo: (worker) => semaphore.release(worker) };
  },
  condvar: condvarMeeting,
  channel(machine) {
    const channel = new Channel<number>(machine);
    return {
      *waits(worker) {
        const received = yield* channel.receive(worker);
        must(received.status === "value" && received.value === 7, "another value came");
      },
      letsGo: (worker) => channel.send(worker, 7),
    };
  },
};

export interface Serving {
  readonly servers: number;
  readonly policy?: PolicyName;
  readonly stage: Stage;
}

/** `name`: of MEETINGS. */
export function servedProgram(name: string, { servers, policy = "fifo", stage }: Serving): Explorable {
  let begun: readonly Addr[] = [];
  let over: readonly Addr[] = [];
  const all = (words: readonly Addr[]) => (machine: ExploredMachine) =>
    words.every((word) => machine.peek32(word) === 1);
  const setup = (machine: ExploredMachine): void => {
    const runtime = createRuntime(machine, { servers, policy });
    begun = [machine.allocate(64, 64), machine.allocate(64, 64)];
    over = [machine.allocate(64, 64), machine.allocate(64, 64)];
    const ready = machine.allocate(64, 64);
    const { before, waits, letsGo } = MEETINGS[name]!(machine, () => first);
    // One that ends would be reaped, which is a matter of its own.
    const rest = (i: number): Body =>
      function* (worker) {
        yield* worker.memory.store32(over[i]!, 1);
        yield* worker.sys.futexWait(over[i]!, 1);
      };
    // On one server they take turns until both are where they should be.
    const until = function* (worker: Worker, word: Addr, value: number): Coroutine<void> {
      while ((yield* worker.memory.load32(word)) !== value) if (servers === 1) yield* worker.yield();
    };
    const first: WorkerHandle<unknown> = runtime.spawn(function* (worker) {
      if (stage !== "meets") yield* until(worker, ready, 1);
      yield* worker.memory.store32(begun[0]!, 1);
      yield* waits(worker);
      yield* rest(0)(worker);
    });
    runtime.spawn(function* (worker) {
      if (stage !== "meets") {
        if (before !== undefined) yield* before(worker);
        yield* worker.memory.store32(ready, 1);
        yield* until(worker, stateOf(first.record), UMCG_TASK_IDLE);
        if (stage === "waits") for (let i = 0; i < SETTLE; i++) yield* worker.memory.load32(ready);
      }
      yield* worker.memory.store32(begun[1]!, 1);
      if (stage === "meets" && before !== undefined) yield* before(worker);
      yield* letsGo(worker);
      yield* rest(1)(worker);
    });
  };
  return kernelProgram(setup, {
    vcpus: 2,
    maxTasks: 4,
    userBytes: 1 << 15,
    spinsWait: true,
    from: (machine) => all(begun)(machine),
    rests: (machine) => all(over)(machine),
  });
}

/** Of the default run: from where one waits. */
export const SERVED: readonly Subject[] = Object.keys(MEETINGS).map((name) => ({
  name: `served: ${name}`,
  explorable: servedProgram(name, { servers: 2, stage: "waits" }),
  options: {},
}));
