/**
 * Your own scheduler in thirty lines: two classes of workers that share the CPUs three to one.
 *
 * A policy says where a ready worker goes (`enqueue`), which one runs next (`pick`) and whether there is any (`hasWork`).
 * State lives in user memory, because servers on all CPUs call it at the same time. Here: a queue for each class, and a
 * word that counts picks; of four in a row one belongs to the batch class, unless there is nothing else to do.
 *
 *     node examples/own-scheduler.ts
 */
import assert from "node:assert/strict";
import {
  createMachine,
  createRuntime,
  NULL,
  type PolicyFactory,
  priorityOf,
  READY_QUEUE_SIZE,
  ReadyQueue,
} from "../src/index.ts";

const threeToOne: PolicyFactory = ({ allocate }) => {
  const urgent = new ReadyQueue(allocate(READY_QUEUE_SIZE));
  const batch = new ReadyQueue(allocate(READY_QUEUE_SIZE));
  const picks = allocate(4);
  return {
    name: "three-to-one",
    *enqueue({ env }, worker) {
      const isUrgent = (yield* env.memory.load32(priorityOf(worker))) > 0;
      yield* (isUrgent ? urgent : batch).append(env, worker);
    },
    *pick({ env }) {
      // Two servers may read the same count: then one turn is given twice, which a share can bear.
      const count = yield* env.memory.load32(picks);
      yield* env.memory.store32(picks, (count + 1) % 4);
      const [first, second] = count < 3 ? [urgent, batch] : [batch, urgent];
      const worker = yield* first.take(env);
      return worker === NULL ? yield* second.take(env) : worker;
    },
    *hasWork({ env }) {
      return (yield* urgent.occupied(env)) || (yield* batch.occupied(env));
    },
  };
};

const WORKERS = 8;
const TURNS = 200;

/** Turns that the batch class has had when the urgent class has had all of its own, as a share of those. */
function batchShare(policy: PolicyFactory | "fifo"): number {
  const machine = createMachine({ vcpus: 2 });
  const runtime = createRuntime(machine, { policy });
  const turns = { urgent: 0, batch: 0 };
  let batchThen = 0;
  for (const kind of ["urgent", "batch"] as const) {
    for (let i = 0; i < WORKERS; i++) {
      runtime.spawn(
        function* (worker) {
          for (let turn = 0; turn < TURNS; turn++) {
            yield* worker.work(10_000);
            turns[kind]++;
            if (turns.urgent === WORKERS * TURNS && batchThen === 0) batchThen = turns.batch;
            yield* worker.yield();
          }
        },
        { name: `${kind}-${i}`, priority: kind === "urgent" ? 1 : 0 },
      );
    }
  }
  machine.run();
  return batchThen / turns.urgent;
}

for (const [name, policy, expected] of [
  ["fifo", "fifo", 1],
  ["three to one", threeToOne, 1 / 3],
] as const) {
  const share = batchShare(policy);
  console.log(
    `${name.padEnd(13)} for each urgent turn ${share.toFixed(3)} batch turns (${expected.toFixed(3)} expected)`,
  );
  assert.ok(Math.abs(share - expected) < 0.05, `${name}: ${share}`);
}
