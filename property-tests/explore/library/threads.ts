/** The thread library as a whole on the simulated kernel: two servers, workers that meet. The first so many schedules with one delay. */
import type { Coroutine } from "../../../src/atomics/step.ts";
import type { ExploredMachine } from "../../../src/machine/explored-machine.ts";
import {
  Channel,
  Condvar,
  createRuntime,
  Mutex,
  type Runtime,
  Semaphore,
} from "../../../src/worker/index.ts";
import type { Worker } from "../../../src/worker/worker.ts";
import { kernel, must, type Subject } from "./subject.ts";

const CONFIG = { vcpus: 2, maxTasks: 8, userBytes: 1 << 15 } as const;
const FIRST = { strategy: "delays", maxBound: 1, maxExecutions: 40, maxSteps: 5_000 } as const;

type Setup = (machine: ExploredMachine, runtime: Runtime) => void;

function threads(name: string, setup: Setup): Subject {
  const program = (machine: ExploredMachine): void => setup(machine, createRuntime(machine, { servers: 2 }));
  return kernel(`threads: ${name}`, program, CONFIG, FIRST);
}

function each(runtime: Runtime, count: number, body: (worker: Worker, i: number) => Coroutine<void>): void {
  for (let i = 0; i < count; i++) runtime.spawn((worker) => body(worker, i));
}

/** Nobody else is inside: a word is taken and given back, and others may come between. */
function* alone(worker: Worker, inside: Parameters<Worker["env"]["memory"]["load32"]>[0]): Coroutine<void> {
  const { memory } = worker.env;
  must((yield* memory.xchg32(inside, 1)) === 0, "two are inside");
  yield* worker.yield();
  yield* memory.store32(inside, 0);
}

export const THREADS: readonly Subject[] = [
  threads("mutex", (machine, runtime) => {
    const mutex = new Mutex(machine);
    const inside = machine.allocate(4);
    each(runtime, 2, (worker) => mutex.withLock(worker, () => alone(worker, inside)));
  }),
  threads("semaphore", (machine, runtime) => {
    const semaphore = new Semaphore(machine, 1);
    const inside = machine.allocate(4);
    each(runtime, 2, function* (worker) {
      yield* semaphore.acquire(worker);
      yield* alone(worker, inside);
      yield* semaphore.release(worker);
    });
  }),
  threads("condvar", (machine, runtime) => {
    const mutex = new Mutex(machine);
    const ready = new Condvar(machine, mutex);
    const condition = machine.allocate(4);
    each(runtime, 2, function* (worker, i) {
      const { memory } = worker.env;
      yield* mutex.lock(worker);
      if (i === 1) yield* memory.store32(condition, 1);
      while ((yield* memory.load32(condition)) === 0) yield* ready.wait(worker);
      yield* mutex.unlock(worker);
      if (i === 1) yield* ready.notify(worker);
    });
  }),
  threads("channel", (machine, runtime) => {
    const channel = new Channel<number>(machine);
    each(runtime, 2, function* (worker, i) {
      if (i === 0) return yield* channel.send(worker, 7);
      const received = yield* channel.receive(worker);
      must(received.status === "value" && received.value === 7, "another value came");
    });
  }),
];
