/**
 * Your own scheduler in thirty lines: two classes of workers that share the CPUs three to one.
 *
 * A policy says where a ready worker goes (`enqueue`), which one runs next (`pick`) and whether there is any (`hasWork`).
 * State lives in user memory, because servers on all CPUs call it at the same time. Here: a queue for each class, and a
 * word that counts picks; of four in a row one belongs to the batch class, unless there is nothing else to do.
 *
 *     node examples/own-scheduler.ts [--host threads]
 */
import assert from "node:assert/strict";
import { isMainThread } from "node:worker_threads";
import {
  type Addr,
  Barrier,
  type Coroutine,
  createRuntime,
  NULL,
  type PolicyFactory,
  priorityOf,
  READY_QUEUE_SIZE,
  ReadyQueue,
  type UserMemory,
} from "../src/index.ts";
import { type ProgramMachine, runProgram } from "../src/machine/threads/index.ts";
import { hostAsked } from "./support/host-asked.ts";

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

/** Adds one to a word that others add to: its value now. */
function* increment(memory: UserMemory, at: Addr): Coroutine<number> {
  for (;;) {
    const found = yield* memory.load32(at);
    if ((yield* memory.cmpxchg32(at, found, found + 1)) === 0) return found + 1;
  }
}

/** Says the turns that the batch class has had when the urgent class has had all of its own, as a share of those. */
export function setUp(machine: ProgramMachine): void {
  const policy = machine.args === "three to one" ? threeToOne : "fifo";
  const runtime = createRuntime(machine, { policy });
  const start = new Barrier(machine, 2 * WORKERS);
  const turns = { urgent: machine.allocate(4), batch: machine.allocate(4) };
  for (const kind of ["urgent", "batch"] as const) {
    for (let i = 0; i < WORKERS; i++) {
      runtime.spawn(
        function* (worker) {
          yield* start.wait(worker);
          for (let turn = 0; turn < TURNS; turn++) {
            yield* worker.work(10_000);
            const count = yield* increment(worker.memory, turns[kind]);
            if (kind === "urgent" && count === WORKERS * TURNS)
              machine.say((yield* worker.memory.load32(turns.batch)) / count);
            yield* worker.yield();
          }
        },
        { name: `${kind}-${i}`, priority: kind === "urgent" ? 1 : 0 },
      );
    }
  }
}

if (isMainThread) {
  const host = hostAsked();
  for (const [name, expected] of [
    ["fifo", 1],
    ["three to one", 1 / 3],
  ] as const) {
    let share = Number.NaN;
    const onMessage = (value: unknown): void => {
      share = value as number;
    };
    await runProgram(setUp, { url: import.meta.url, host, vcpus: 2, args: name, onMessage });
    console.log(
      `${name.padEnd(13)} for each urgent turn ${share.toFixed(3)} batch turns (${expected.toFixed(3)} expected)`,
    );
    // In real time a CPU may stand still while the others go on.
    if (host === "virtual") assert.ok(Math.abs(share - expected) < 0.05, `${name}: ${share}`);
  }
}
