/**
 * The thread library in kernel mode: small programs of workers on two servers, under random schedules and by delays, held to the
 * invariants of UMCG and to what each primitive promises. Every step of the library, of the kernel's UMCG half and of the
 * interrupts between them is a point where others may come. FC_RUNS raises the number of executions.
 */
import { describe, expect, it } from "vitest";
import type { Coroutine } from "../../src/atomics/step.ts";
import { explore, type KernelOptions, kernelProgram } from "../../src/explore/index.ts";
import type { ExploredMachine } from "../../src/machine/explored-machine.ts";
import { POLICY_NAMES, type PolicyName } from "../../src/server/policies/index.ts";
import {
  Barrier,
  Channel,
  createRuntime,
  Mutex,
  type Runtime,
  Semaphore,
  type Worker,
} from "../../src/worker/index.ts";

const RUNS = Number(process.env["FC_RUNS"] ?? 3);
const EXECUTIONS = process.env["FC_RUNS"] === undefined ? 6 : 20_000;

/** Starts workers, and says what must be at the end. */
type LibraryProgram = (machine: ExploredMachine, runtime: Runtime) => void;

function inTurn(count: number, body: (worker: Worker, i: number) => Coroutine<unknown>) {
  return (runtime: Runtime): void => {
    for (let i = 0; i < count; i++) runtime.spawn((worker) => body(worker, i));
  };
}

const PROGRAMS: Readonly<Record<string, LibraryProgram>> = {
  /** A counter that is read, and written some steps later, under a lock. */
  mutex(machine, runtime) {
    const mutex = new Mutex(machine);
    const counter = machine.allocate(4);
    inTurn(3, function* (worker) {
      const { memory } = worker.env;
      yield* mutex.lock(worker);
      const value = yield* memory.load32(counter);
      yield* worker.yield();
      yield* memory.store32(counter, value + 1);
      yield* mutex.unlock(worker);
    })(runtime);
    machine.atEnd(() => must(machine.peek32(counter) === 3, `counted ${machine.peek32(counter)}`));
  },

  /** Two senders and a receiver, on a channel that holds one. */
  channel(machine, runtime) {
    const channel = new Channel<number>(machine, 1);
    const received: number[] = [];
    inTurn(2, (worker, i) => channel.send(worker, i))(runtime);
    runtime.spawn(function* (worker) {
      for (let i = 0; i < 2; i++) {
        const one = yield* channel.receive(worker);
        if (one.status === "value") received.push(one.value);
      }
    });
    machine.atEnd(() => must(received.sort().join() === "0,1", `received ${received.join()}`));
  },

  /** No more holders than permits. */
  semaphore(machine, runtime) {
    const semaphore = new Semaphore(machine, 1);
    const inside = machine.allocate(4);
    inTurn(3, function* (worker) {
      const { memory } = worker.env;
      yield* semaphore.acquire(worker);
      if ((yield* memory.xchg32(inside, 1)) !== 0) throw new Error("two are inside");
      yield* memory.store32(inside, 0);
      yield* semaphore.release(worker);
    })(runtime);
  },

  /** Everybody is there before anybody goes on. */
  barrier(machine, runtime) {
    const barrier = new Barrier(machine, 3);
    const there = machine.allocate(4);
    inTurn(3, function* (worker) {
      const { memory } = worker.env;
      let count = yield* memory.load32(there);
      while ((yield* memory.cmpxchg32(there, count, count + 1)) !== 0) count = yield* memory.load32(there);
      yield* barrier.wait(worker);
      if ((yield* memory.load32(there)) !== 3) throw new Error("somebody is missing");
    })(runtime);
  },

  /** Parents, children, joins, and a sleep in the kernel. */
  join(machine, runtime) {
    const sums: number[] = [];
    runtime.spawn(function* (worker) {
      const child = yield* worker.spawn(function* (inner) {
        yield* inner.sleep(10);
        return 2;
      });
      sums.push(40 + (yield* worker.join(child)));
    });
    machine.atEnd(() => must(sums.join() === "42", `sums ${sums.join()}`));
  },
};

function must(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

const SIZE = { vcpus: 2, maxTasks: 10, userBytes: 1 << 15 } as const;

/** Random executions, and those with few delays. */
function exploreBoth(
  program: LibraryProgram,
  options: KernelOptions = {},
  policy: PolicyName = "go-like",
): void {
  const explorable = kernelProgram(
    (machine) => program(machine, createRuntime(machine, { servers: 2, policy })),
    { ...SIZE, ...options },
  );
  const random = { strategy: "random", maxExecutions: RUNS } as const;
  expect(explore(explorable, random).violations).toEqual([]);
  const delays = { strategy: "delays", maxExecutions: EXECUTIONS } as const;
  expect(explore(explorable, delays).violations).toEqual([]);
}

describe.each(Object.keys(PROGRAMS))("%s", (name) => {
  it("keeps its promises under every schedule that is tried", () => {
    exploreBoth(PROGRAMS[name]!);
  });

  it("keeps them when ticks and spurious wake-ups come between", () => {
    exploreBoth(PROGRAMS[name]!, { nondeterminism: { preemptions: 2, spuriousWakes: 2 } });
  });
});

describe("policies", () => {
  it.each(POLICY_NAMES)("%s runs everybody", (policy) => {
    exploreBoth(
      (machine, runtime) => {
        let ended = 0;
        inTurn(3, function* (worker) {
          yield* worker.yield();
          ended++;
        })(runtime);
        machine.atEnd(() => must(ended === 3, `${ended} have ended`));
      },
      {},
      policy,
    );
  });
});
