/**
 * A pipeline as one writes it in Go: workers joined by channels, a select that also listens to a clock and to an order to
 * stop.
 *
 * A source sends numbers; four squarers take them from one channel and put results into another; the collector selects
 * over results, a ticker and the end. Bounded channels keep the source from running ahead: it waits when everybody behind it
 * is busy, and costs no server while it does.
 *
 *     node examples/pipeline.ts
 */
import assert from "node:assert/strict";
import {
  Channel,
  createMachine,
  createRuntime,
  receiveFrom,
  select,
  selectUntil,
  WaitGroup,
} from "../src/index.ts";

const NUMBERS = 200;
const SQUARERS = 4;

const machine = createMachine({ vcpus: 4 });
const runtime = createRuntime(machine);
const numbers = new Channel<number>(machine, 8, { name: "numbers" });
const squares = new Channel<{ n: number; square: number; by: string }>(machine, 0, { name: "squares" });
const ticks = new Channel<number>(machine, 1, { name: "ticks" });
const stop = new Channel<never>(machine, 0, { name: "stop" });
const squaring = new WaitGroup(machine, { name: "squaring" });

runtime.spawn(function* source(worker) {
  for (let n = 1; n <= NUMBERS; n++) yield* numbers.send(worker, n);
  yield* numbers.close(worker);
});

for (let i = 0; i < SQUARERS; i++) {
  runtime.spawn(
    function* squarer(worker) {
      yield* squaring.add(worker);
      yield* numbers.forEach(worker, function* (n) {
        yield* worker.work(5_000 + 100 * (n % 7));
        yield* squares.send(worker, { n, square: n * n, by: worker.name });
      });
      yield* squaring.done(worker);
      // The last of them closes what all of them sent to.
      yield* squaring.wait(worker);
      if (i === 0) yield* squares.close(worker);
    },
    { name: `squarer-${i}` },
  );
}

// A ticker: sends the time every 100 us, and drops a tick that nobody has taken. A closed channel tells it to stop.
runtime.spawn(function* ticker(worker) {
  for (let at = 100_000; ; at += 100_000) {
    const stopped = yield* selectUntil(worker, [receiveFrom(stop)], at);
    if (stopped.status === "closed") return;
    yield* ticks.trySend(worker, worker.now());
  }
});

const collector = runtime.spawn(function* (worker) {
  const by = new Map<string, number>();
  let sum = 0;
  let seen = 0;
  for (;;) {
    const chosen = yield* select(worker, [receiveFrom(squares), receiveFrom(ticks)]);
    if (chosen.status === "closed") break;
    if (chosen.index === 1) {
      console.log(`${(chosen.value / 1000).toFixed(0).padStart(5)} us: ${seen} squares`);
      continue;
    }
    seen++;
    sum += chosen.value.square;
    by.set(chosen.value.by, (by.get(chosen.value.by) ?? 0) + 1);
  }
  yield* stop.close(worker);
  return { sum, seen, by };
});

const { virtualNs } = machine.run();
const { sum, seen, by } = collector.result!;
console.log(`sum ${sum} of ${seen} squares after ${(virtualNs / 1000).toFixed(0)} us`);
for (const [name, count] of [...by].sort()) console.log(`  ${name} made ${count}`);

assert.equal(seen, NUMBERS);
assert.equal(sum, (NUMBERS * (NUMBERS + 1) * (2 * NUMBERS + 1)) / 6);
assert.equal(by.size, SQUARERS);
