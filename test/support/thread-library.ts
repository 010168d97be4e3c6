/** The thread library on real threads, as an image: workers on the servers of several CPUs. What they find they say. */
import type { Coroutine } from "../../src/atomics/step.ts";
import type { SetUp } from "../../src/machine/threads/index.ts";
import {
  Barrier,
  createRuntime,
  Mutex,
  type Runtime,
  type RuntimeOptions,
  type Worker,
  type WorkerHandle,
} from "../../src/worker/index.ts";

const COUNT = 20;

/** How many of the numbers from `from` on are prime: each call starts a worker for half of its range. */
function* countPrimes(worker: Worker, from: number, count: number): Coroutine<number> {
  if (count === 1) {
    yield* worker.work(5_000);
    return isPrime(from) ? 1 : 0;
  }
  const half = count >>> 1;
  const upper = yield* worker.spawn((own) => countPrimes(own, from + half, count - half));
  const lower = yield* countPrimes(worker, from, half);
  return lower + (yield* worker.join(upper));
}

function isPrime(n: number): boolean {
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false;
  return n > 1;
}

/** Workers of set-up code, which live on all CPUs, and what they start, which lives where they do. */
export function setUpLibrary(machine: SetUp): void {
  const runtime = createRuntime(machine, machine.args as RuntimeOptions);
  startCounters(machine, runtime);
  startFailures(machine, runtime);
}

function startCounters(machine: SetUp, runtime: Runtime): void {
  const word = machine.allocate(64);
  const mutex = new Mutex(machine);
  const barrier = new Barrier(machine, 4);
  const counters = Array.from({ length: 4 }, (_, n) =>
    runtime.spawn(function* (worker) {
      yield* barrier.wait(worker);
      for (let i = 0; i < COUNT; i++) {
        yield* mutex.lock(worker);
        const before = yield* worker.memory.load32(word);
        if (i % 7 === 0) yield* worker.sleep(10_000);
        yield* worker.memory.store32(word, before + 1);
        yield* mutex.unlock(worker);
        if (i % 3 === 0) yield* worker.yield();
      }
      return n + 0.5;
    }),
  );
  runtime.spawn(function* (worker) {
    let sum = 0;
    for (const counter of counters) sum += yield* worker.join(counter);
    machine.say({ sum, count: yield* worker.memory.load32(word) });
    machine.say({ primes: yield* countPrimes(worker, 0, 32) });
  });
}

function startFailures(machine: SetUp, runtime: Runtime): void {
  const cpuAt = machine.allocate(64);
  const endless = runtime.spawn(function* (worker) {
    for (;;) {
      yield* worker.work(10_000);
      yield* worker.checkpoint();
    }
  });
  const thrower = runtime.spawn(function* () {
    throw new Error("because of the test");
  });
  const giver = runtime.spawn(function* (worker) {
    yield* worker.memory.store32(cpuAt, worker.env.cpu());
    return { anything: "but a number" };
  });
  runtime.spawn(function* (worker) {
    yield* worker.sleep(100_000);
    yield* worker.cancel(endless);
    const codes = [yield* failureOf(worker, endless), yield* failureOf(worker, thrower)];
    const result = yield* failureOf(worker, giver);
    const here = (yield* worker.memory.load32(cpuAt)) === worker.env.cpu();
    machine.say({ codes, object: result === (here ? "none" : "ERR_RESULT_STAYS") });
  });
}

function* failureOf(worker: Worker, target: WorkerHandle<unknown>): Coroutine<string> {
  try {
    yield* worker.join(target);
    return "none";
  } catch (error) {
    return (error as { readonly code: string }).code;
  }
}

/** A worker fails, and nobody joins it. */
export function setUpUnseen(machine: SetUp): void {
  const runtime = createRuntime(machine);
  runtime.spawn(
    function* (worker) {
      yield* worker.sleep(1_000_000);
      throw new Error("because of the test");
    },
    { name: "unseen" },
  );
}
