/**
 * A pipeline as one writes it in Go: workers joined by channels, a select that also listens to a clock and to an order to
 * stop.
 *
 * A source sends numbers; four squarers take them from one channel and put results into another; the collector selects
 * over results, a ticker and the end. Bounded channels keep the source from running ahead: it waits when everybody behind it
 * is busy, and costs no server while it does.
 *
 *     node examples/pipeline.ts [--host threads]
 *
 * Numbers cross CPUs on real threads, too; an object would stay on the CPU of its sender there.
 */
import assert from "node:assert/strict";
import { isMainThread } from "node:worker_threads";
import { Channel, createRuntime, receiveFrom, select, selectUntil, WaitGroup } from "../src/index.ts";
import { type ProgramMachine, runProgram } from "../src/machine/threads/index.ts";
import { hostAsked } from "./support/host-asked.ts";

const NUMBERS = 200;
const SQUARERS = 4;

interface Outcome {
  readonly sum: number;
  readonly seen: number;
}
interface Share {
  readonly by: string;
  readonly made: number;
}

export function setUp(machine: ProgramMachine): void {
  const runtime = createRuntime(machine);
  const numbers = new Channel<number>(machine, 8, { name: "numbers" });
  const squares = new Channel<number>(machine, 0, { name: "squares" });
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
        let made = 0;
        yield* squaring.add(worker);
        yield* numbers.forEach(worker, function* (n) {
          yield* worker.work(5_000 + 100 * (n % 7));
          yield* squares.send(worker, n * n);
          made++;
        });
        machine.say({ by: worker.name, made } satisfies Share);
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

  runtime.spawn(function* collector(worker) {
    let sum = 0;
    let seen = 0;
    for (;;) {
      const chosen = yield* select(worker, [receiveFrom(squares), receiveFrom(ticks)]);
      if (chosen.status === "closed") break;
      if (chosen.index === 1) {
        machine.say(`${(chosen.value / 1000).toFixed(0).padStart(5)} us: ${seen} squares`);
        continue;
      }
      seen++;
      sum += chosen.value;
    }
    yield* stop.close(worker);
    machine.say({ sum, seen } satisfies Outcome);
  });
}

if (isMainThread) {
  const host = hostAsked();
  const shares: Share[] = [];
  let outcome: Outcome | undefined;
  const onMessage = (value: unknown): void => {
    if (typeof value === "string") console.log(value);
    else if ((value as Partial<Share>).by !== undefined) shares.push(value as Share);
    else outcome = value as Outcome;
  };
  const vcpus = host === "virtual" ? 4 : 2;
  const { ns } = await runProgram(setUp, { url: import.meta.url, host, vcpus, onMessage });
  const { sum, seen } = outcome!;
  console.log(`sum ${sum} of ${seen} squares after ${(ns / 1000).toFixed(0)} us`);
  for (const { by, made } of shares.toSorted((a, b) => a.by.localeCompare(b.by)))
    console.log(`  ${by} made ${made}`);
  assert.equal(seen, NUMBERS);
  assert.equal(sum, (NUMBERS * (NUMBERS + 1) * (2 * NUMBERS + 1)) / 6);
  assert.equal(shares.length, SQUARERS);
}
