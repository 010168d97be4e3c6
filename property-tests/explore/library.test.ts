/**
 * The thread library in kernel mode: small programs of workers on two servers, under random schedules and by delays, held to the
 * invariants of UMCG and to what each primitive promises. Every step of the library, of the kernel's UMCG half and of the
 * interrupts between them is a point where others may come. FC_RUNS raises the number of executions.
 */
import { describe, expect, it } from "vitest";
import type { Coroutine } from "../../src/atomics/step.ts";
import { ExploredMachine } from "../../src/machine/explored-machine.ts";
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
import { searchByDelays } from "../../test/hosts/explore/delays.ts";
import { randomRun, type Setup } from "../../test/hosts/explore/drive.ts";

const RUNS = Number(process.env["FC_RUNS"] ?? 3);
const EXECUTIONS = process.env["FC_RUNS"] === undefined ? 6 : 20_000;

/** Starts workers; the function it returns is asked at the end and says what is wrong. */
type LibraryProgram = (machine: ExploredMachine, runtime: Runtime) => () => string | undefined;

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
    return () => countIs(machine, counter, 3);
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
    return () => (received.sort().join() === "0,1" ? undefined : `received ${received.join()}`);
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
    return () => undefined;
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
    return () => undefined;
  },

  /** Parents, children, joins, and a sleep in the kernel. */
  join(_machine, runtime) {
    const sums: number[] = [];
    runtime.spawn(function* (worker) {
      const child = yield* worker.spawn(function* (inner) {
        yield* inner.sleep(10);
        return 2;
      });
      sums.push(40 + (yield* worker.join(child)));
    });
    return () => (sums.join() === "42" ? undefined : `sums ${sums.join()}`);
  },
};

function countIs(machine: ExploredMachine, at: number, wanted: number): string | undefined {
  const count = new Uint32Array(machine.kernel.buffer)[at >>> 2];
  return count === wanted ? undefined : `counted ${count}, not ${wanted}`;
}

const SIZE = { vcpus: 2, maxTasks: 10, userBytes: 1 << 15 } as const;

/** Random executions, and those with few delays. */
function explore(machine: ExploredMachine, program: LibraryProgram, policy: PolicyName): void {
  let verdict: () => string | undefined = () => undefined;
  const setup: Setup = (space) => {
    verdict = program(space, createRuntime(space, { servers: 2, policy }));
  };
  for (let seed = 0; seed < RUNS; seed++) {
    const { failure } = randomRun(machine, setup, seed);
    expect({ seed, failure, verdict: verdict() }).toEqual({ seed, failure: undefined, verdict: undefined });
  }
  const { found } = searchByDelays(machine, setup, { delays: 2, executions: EXECUTIONS, maxSteps: 5_000 });
  expect(found).toBeUndefined();
}

describe.each(Object.keys(PROGRAMS))("%s", (name) => {
  it("keeps its promises under every schedule that is tried", () => {
    explore(new ExploredMachine(SIZE), PROGRAMS[name]!, "go-like");
  });

  it("keeps them when ticks and spurious wake-ups come between", () => {
    const nondeterminism = { preemptions: 2, spuriousWakes: 2 };
    explore(new ExploredMachine({ ...SIZE, nondeterminism }), PROGRAMS[name]!, "go-like");
  });
});

describe("policies", () => {
  it.each(POLICY_NAMES)("%s runs everybody", (policy) => {
    const machine = new ExploredMachine(SIZE);
    explore(
      machine,
      (_, runtime) => {
        let ended = 0;
        inTurn(3, function* (worker) {
          yield* worker.yield();
          ended++;
        })(runtime);
        return () => (ended === 3 ? undefined : `${ended} have ended`);
      },
      policy,
    );
  });
});
