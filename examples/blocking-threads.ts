/**
 * A scheduler over threads that block: plain functions, each with a stack of its own, on two CPUs under a policy that this program
 * brings along.
 *
 * Readers read files with the calls of Node, synchronously, in `blocking`: meanwhile their server runs another. Crunchers compute,
 * and give way at their safepoints. The policy runs readers first, so that the disk is never idle while there is a CPU. A coroutine
 * beside them joins all. One reader is ended in the middle of a read: who joins it is told, and nothing else is lost.
 *
 *     node examples/blocking-threads.ts
 *
 * The file is its own image: each CPU loads it and runs `setUp`, each thread loads it and runs the function it is to run.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";
import {
  createRuntime,
  NULL,
  type PolicyFactory,
  priorityOf,
  READY_QUEUE_SIZE,
  ReadyQueue,
} from "../src/index.ts";
import {
  blocking,
  createThreadMachine,
  memory,
  type SetUp,
  safepoint,
  say,
  tid,
} from "../src/machine/threads/index.ts";

const ROUNDS = 20;
const here = new URL(import.meta.url);

const readersFirst: PolicyFactory = ({ allocate }) => {
  const readers = new ReadyQueue(allocate(READY_QUEUE_SIZE));
  const crunchers = new ReadyQueue(allocate(READY_QUEUE_SIZE));
  return {
    name: "readers-first",
    *enqueue({ env }, worker) {
      const reads = (yield* env.memory.load32(priorityOf(worker))) > 0;
      yield* (reads ? readers : crunchers).append(env, worker);
    },
    *pick({ env }) {
      const reader = yield* readers.take(env);
      return reader === NULL ? yield* crunchers.take(env) : reader;
    },
    *hasWork({ env }) {
      return (yield* readers.occupied(env)) || (yield* crunchers.occupied(env));
    },
  };
};

/** Counts in a word of the machine's memory, which all share. */
function count(at: number): void {
  let old = memory.load32(at);
  while (memory.cmpxchg32(at, old, old + 1) !== 0) old = memory.observed32;
}

export function reader(reads: number): number {
  let bytes = 0;
  for (let round = 0; round < ROUNDS; round++) {
    // The CPU is for others until the file is there.
    bytes += blocking(() => readFileSync(here)).length;
    count(reads);
  }
  return bytes;
}

export function cruncher(hashes: number): number {
  let digest = "";
  for (let round = 0; round < ROUNDS * 10; round++) {
    digest = createHash("sha256").update(digest).digest("hex");
    count(hashes);
    safepoint();
  }
  return Number.parseInt(digest.slice(0, 8), 16);
}

/** Waits for a word that nobody will write, as the host does: its CPU is not to be had back otherwise. */
export function stuck(): void {
  say({ stuck: tid() });
  blocking(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
}

export function setUp(machine: SetUp): void {
  const runtime = createRuntime(machine, { policy: readersFirst, preemptNs: 1_000_000 });
  const [reads, hashes] = [machine.allocate(4), machine.allocate(4)];
  const job = (name: string, ...args: number[]) => ({ url: here, export: name, args });
  const threads = [
    machine.spawnHostWorker(runtime, job("reader", reads), { name: "reader", priority: 1 }),
    machine.spawnHostWorker(runtime, job("cruncher", hashes), { name: "cruncher" }),
    machine.spawnHostWorker(runtime, job("stuck"), { name: "stuck reader", priority: 1 }),
  ];
  runtime.spawn(function* (worker) {
    for (const thread of threads) {
      try {
        machine.say(`${thread.name}: ${yield* worker.join(thread)}`);
      } catch (error) {
        machine.say((error as Error).message);
      }
    }
    const [read, hashed] = [yield* worker.memory.load32(reads), yield* worker.memory.load32(hashes)];
    machine.say(`${read} files read, ${hashed} hashes computed`);
  });
}

if (isMainThread) {
  const lines: string[] = [];
  const machine = await createThreadMachine({
    vcpus: 2,
    image: here,
    onMessage: (value) => {
      if (typeof value === "string") lines.push(value);
      else setTimeout(() => machine.endHost((value as { stuck: number }).stuck), 100);
    },
  });
  const { switches } = await machine.run({ timeoutMs: 60_000 });
  await machine.halt();
  for (const line of lines) console.log(line);
  console.log(`${switches > 0 ? "two CPUs" : "no CPU"}, ${machine.hostDeaths.length} thread lost`);
  assert.equal(lines[0], `reader: ${ROUNDS * readFileSync(here).length}`);
  assert.equal(machine.workers, 0);
}
