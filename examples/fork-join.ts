/**
 * Fork and join: a recursive computation on 1, 2, 4 and 8 vCPUs with work stealing.
 *
 * Each call splits its range, starts a worker for one half, does the other itself and joins. A server runs what it started
 * last (the range that is still warm); one that has nothing to do steals the oldest half of another's queue, which are
 * the largest ranges. Nobody says which CPU does what.
 *
 *     node examples/fork-join.ts
 */
import assert from "node:assert/strict";
import { type Coroutine, createMachine, createRuntime, type Worker } from "../src/index.ts";

const LEAVES = 256;
const LEAF_NS = 100_000;

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

function measure(vcpus: number): { readonly primes: number; readonly ns: number } {
  const machine = createMachine({ vcpus });
  const runtime = createRuntime(machine, { policy: "work-stealing" });
  const root = runtime.spawn((worker) => countPrimes(worker, 0, LEAVES));
  const { virtualNs } = machine.run();
  return { primes: root.result!, ns: virtualNs };
}

const alone = measure(1).ns;
console.log(`${LEAVES} leaves of ${LEAF_NS / 1000} us\n\nvCPUs      ms  speed-up  of ideal`);
for (const vcpus of [1, 2, 4, 8]) {
  const { primes, ns } = measure(vcpus);
  const speedUp = alone / ns;
  const row = [vcpus, (ns / 1e6).toFixed(2), speedUp.toFixed(2), `${((100 * speedUp) / vcpus).toFixed(0)} %`];
  console.log(row.map((cell, i) => String(cell).padStart([5, 8, 10, 10][i]!)).join(""));
  assert.equal(primes, 54);
  assert.ok(speedUp > 0.75 * vcpus, `speed-up ${speedUp} on ${vcpus} vCPUs`);
}
