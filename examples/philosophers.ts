/**
 * The dining philosophers: a deadlock that is reported, not hung, and two ways out of it.
 *
 * Five philosophers, five forks (mutexes); eating takes both neighbours' forks. Everybody takes the left one first: once
 * all have one, nobody ever has two. The machine notices that nothing can happen any more and throws ERR_DEADLOCK with a
 * list of who waits. The ways out: an order of forks that all keep to, or a deadline for the second fork, after which the
 * first is put back.
 *
 *     node examples/philosophers.ts
 */
import assert from "node:assert/strict";
import {
  type Coroutine,
  createMachine,
  createRuntime,
  MachineError,
  Mutex,
  type Worker,
} from "../src/index.ts";

const SEATS = 5;
const MEALS = 20;

/** Takes two forks. */
type Manners = (worker: Worker, left: Mutex, right: Mutex, seat: number) => Coroutine<void>;

const naive: Manners = function* (worker, left, right) {
  yield* left.lock(worker);
  yield* worker.work(1_000); // looks for the other fork
  yield* right.lock(worker);
};

/** The last philosopher is left-handed: so all take the fork with the lower number first. */
const ordered: Manners = function* (worker, left, right, seat) {
  const [first, second] = seat === SEATS - 1 ? [right, left] : [left, right];
  yield* naive(worker, first, second, seat);
};

/** Nobody waits for the second fork with the first in hand for longer than this, and everybody for another time. */
const polite: Manners = function* (worker, left, right, seat) {
  for (;;) {
    yield* left.lock(worker);
    yield* worker.work(1_000);
    if (yield* right.lockUntil(worker, worker.now() + 5_000 * (seat + 1))) return;
    yield* left.unlock(worker);
    yield* worker.sleep(3_000 * (seat + 1));
  }
};

/** Meals eaten and ns it took; an error if the dinner does not come to an end. */
function dine(manners: Manners): {
  readonly meals: number;
  readonly ns: number;
  readonly error?: MachineError;
} {
  const machine = createMachine({ vcpus: SEATS });
  const runtime = createRuntime(machine);
  const forks = Array.from({ length: SEATS }, (_, seat) => new Mutex(machine, { name: `fork ${seat}` }));
  let meals = 0;
  for (let seat = 0; seat < SEATS; seat++) {
    const [left, right] = [forks[seat]!, forks[(seat + 1) % SEATS]!];
    runtime.spawn(
      function* (worker) {
        for (let meal = 0; meal < MEALS; meal++) {
          yield* manners(worker, left, right, seat);
          yield* worker.work(2_000); // eats
          meals++;
          yield* right.unlock(worker);
          yield* left.unlock(worker);
          yield* worker.sleep(1_000); // thinks
        }
      },
      { name: `philosopher ${seat}` },
    );
  }
  try {
    const { virtualNs } = machine.run();
    return { meals, ns: virtualNs };
  } catch (error) {
    if (!(error instanceof MachineError)) throw error;
    return { meals, ns: machine.result().virtualNs, error };
  }
}

for (const [name, manners] of Object.entries({ naive, ordered, polite })) {
  const { meals, ns, error } = dine(manners);
  console.log(
    `${name.padEnd(8)} ${meals} meals in ${(ns / 1000).toFixed(0)} us${error ? `, then ${error.code}:` : ""}`,
  );
  if (error) console.log(error.message.replace(/^/gm, "         "));
  assert.equal(error?.code, manners === naive ? "ERR_DEADLOCK" : undefined);
  if (error)
    for (let seat = 0; seat < SEATS; seat++) assert.match(error.message, new RegExp(`philosopher ${seat} `));
  else assert.equal(meals, SEATS * MEALS);
}
