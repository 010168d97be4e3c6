/**
 * Fork and join: a recursive computation on 1, 2, 4 and 8 vCPUs with work stealing.
 *
 * Each call splits its range, starts a worker for one half, does the other itself and joins. A server runs what it started
 * last (the range that is still warm); one that has nothing to do steals the oldest half of another's queue, which are
 * the largest ranges. Nobody says which CPU does what.
 *
 *     node examples/fork-join.ts [--host threads]
 *
 * On real threads what a worker starts lives where it does, so it is the first ranges, of set-up code, that spread over the CPUs.
 */
import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { isMainThread } from "node:worker_threads";
import { type Coroutine, createRuntime, type Worker } from "../src/index.ts";
import { type ProgramMachine, runProgram } from "../src/machine/threads/index.ts";
import { hostAsked } from "./support/host-asked.ts";

const LEAVES = 256;
const LEAF_NS = 100_000;
const RANGES = 8;

/** How many of the numbers from `from` on are prime; each range of one costs LEAF_NS. */
function* countPrimes(worker: Worker, from: number, count: number): Coroutine<number> {
  if (count === 1) {
    yield* worker.work(LEAF_NS);
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

export function setUp(machine: ProgramMachine): void {
  const runtime = createRuntime(machine, { policy: "work-stealing" });
  const size = LEAVES / RANGES;
  const ranges = Array.from({ length: RANGES }, (_, range) =>
    runtime.spawn((worker) => countPrimes(worker, range * size, size)),
  );
  runtime.spawn(function* (worker) {
    let primes = 0;
    for (const range of ranges) primes += yield* worker.join(range);
    machine.say(primes);
  });
}

async function measure(host: string, vcpus: number): Promise<number> {
  let primes: unknown;
  const onMessage = (value: unknown): void => {
    primes = value;
  };
  const { ns } = await runProgram(setUp, { url: import.meta.url, host, vcpus, onMessage });
  assert.equal(primes, 54);
  return ns;
}

if (isMainThread) {
  const host = hostAsked();
  const sizes = [1, 2, 4, 8].filter((vcpus) => host === "virtual" || vcpus <= availableParallelism());
  console.log(`${LEAVES} leaves of ${LEAF_NS / 1000} us\n\nvCPUs      ms  speed-up  of ideal`);
  let alone = 0;
  for (const vcpus of sizes) {
    const ns = await measure(host, vcpus);
    if (vcpus === 1) alone = ns;
    const speedUp = alone / ns;
    const row = [
      vcpus,
      (ns / 1e6).toFixed(2),
      speedUp.toFixed(2),
      `${((100 * speedUp) / vcpus).toFixed(0)} %`,
    ];
    console.log(row.map((cell, i) => String(cell).padStart([5, 8, 10, 10][i]!)).join(""));
    // Real cores have other work, too.
    if (host === "virtual") assert.ok(speedUp > 0.75 * vcpus, `speed-up ${speedUp} on ${vcpus} vCPUs`);
  }
}
