/** The thread of a parallel exploration: loads the program, explores what it is sent, and sends what has come of it. */
import { parentPort, workerData } from "node:worker_threads";
import { runJob } from "../explore/frontier/job.ts";
import { UnitRunner } from "../explore/frontier/unit-runner.ts";
import { checkOptions } from "../explore/options.ts";
import { loadProgramModule } from "./program-module.ts";
import { type Failure, failureOf, GO_ON, type Order, type Report, type ThreadStart } from "./protocol.ts";

const { program, options, word } = workerData as ThreadStart;

function fail(cause: unknown): void {
  parentPort!.postMessage({ failed: failureOf(cause) } satisfies Failure);
}

function obey(runner: UnitRunner, { job, lessons }: Order): Report {
  runner.learn(lessons);
  return { result: runJob(runner, job, () => Atomics.load(word, 0) !== GO_ON) };
}

try {
  const runner = new UnitRunner(await loadProgramModule(program), checkOptions(options));
  parentPort!.on("message", (order: Order) => {
    try {
      parentPort!.postMessage(obey(runner, order));
    } catch (cause) {
      fail(cause);
    }
  });
} catch (cause) {
  fail(cause);
}
