/**
 * The dining philosophers: a deadlock that is reported, not hung, and two ways out of it.
 *
 * Five philosophers, five forks (mutexes); eating takes both neighbours' forks. Everybody takes the left one first: once
 * all have one, nobody ever has two; and they say grace with it in hand. The machine notices that nothing can happen any more and throws ERR_DEADLOCK with a
 * list of who waits. The ways out: an order of forks that all keep to, or a deadline for the second fork, after which the
 * first is put back.
 *
 *     node examples/philosophers.ts [--host threads]
 */
import assert from "node:assert/strict";
import { isMainThread } from "node:worker_threads";
import { Barrier, type Coroutine, createRuntime, MachineError, Mutex, type Worker } from "../src/index.ts";
import { type ProgramMachine, runProgram } from "../src/machine/threads/index.ts";
import { hostAsked } from "./support/host-asked.ts";

const SEATS = 5;
const MEALS = 20;

interface Place {
  readonly seat: number;
  readonly left: Mutex;
  readonly right: Mutex;
  /** All are at the table. */
  readonly grace: Barrier;
}

/** Takes two forks. */
type Manners = (worker: Worker, place: Place) => Coroutine<void>;

const naive: Manners = function* (worker, { left, right, grace }) {
  yield* left.lock(worker);
  yield* grace.wait(worker);
  yield* right.lock(worker);
};

/** The last philosopher is left-handed: so all take the fork with the lower number first. */
const ordered: Manners = function* (worker, { seat, left, right }) {
  const [first, second] = seat === SEATS - 1 ? [right, left] : [left, right];
  yield* first.lock(worker);
  yield* worker.work(1_000); // looks for the other fork
  yield* second.lock(worker);
};

/** Nobody waits for the second fork with the first in hand for longer than this, and everybody for another time. */
const polite: Manners = function* (worker, { seat, left, right }) {
  for (;;) {
    yield* left.lock(worker);
    yield* worker.work(1_000);
    if (yield* right.lockUntil(worker, worker.now() + 5_000 * (seat + 1))) return;
    yield* left.unlock(worker);
    yield* worker.sleep(3_000 * (seat + 1));
  }
};

const MANNERS: Readonly<Record<string, Manners>> = { naive, ordered, polite };

/** Says when somebody has eaten. */
export function setUp(machine: ProgramMachine): void {
  const manners = MANNERS[machine.args as string]!;
  const runtime = createRuntime(machine);
  const grace = new Barrier(machine, SEATS);
  const forks = Array.from({ length: SEATS }, (_, seat) => new Mutex(machine, { name: `fork ${seat}` }));
  for (let seat = 0; seat < SEATS; seat++) {
    const [left, right] = [forks[seat]!, forks[(seat + 1) % SEATS]!];
    runtime.spawn(
      function* (worker) {
        for (let meal = 0; meal < MEALS; meal++) {
          yield* manners(worker, { seat, left, right, grace });
          yield* worker.work(2_000); // eats
          machine.say("meal");
          yield* right.unlock(worker);
          yield* left.unlock(worker);
          yield* worker.sleep(1_000); // thinks
        }
      },
      { name: `philosopher ${seat}` },
    );
  }
}

if (isMainThread) {
  const host = hostAsked();
  const vcpus = host === "virtual" ? SEATS : 2;
  for (const name of Object.keys(MANNERS)) {
    let meals = 0;
    const onMessage = (): void => {
      meals++;
    };
    try {
      const { ns } = await runProgram(setUp, { url: import.meta.url, host, vcpus, args: name, onMessage });
      console.log(`${name.padEnd(8)} ${meals} meals in ${(ns / 1000).toFixed(0)} us`);
      assert.equal(meals, SEATS * MEALS);
      assert.notEqual(name, "naive");
    } catch (error) {
      if (!(error instanceof MachineError)) throw error;
      console.log(`${name.padEnd(8)} ${meals} meals, then ${error.code}:`);
      console.log(error.message.replace(/^/gm, "         "));
      assert.deepEqual([name, error.code], ["naive", "ERR_DEADLOCK"]);
      for (let seat = 0; seat < SEATS; seat++)
        assert.match(error.message, new RegExp(`philosopher ${seat} `));
    }
  }
}
