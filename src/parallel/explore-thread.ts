/** The thread of a parallel exploration: loads the program, explores what it is sent, and sends what has come of it. */
import { parentPort, workerData } from "node:worker_threads";
import { runJob } from "../explore/frontier/job.ts";
import { UnitRunner } from "../explore/frontier/unit-runner.ts";
import { checkOptions } from "../explore/options.ts";
import { loadProgramModule } from "./program-module.ts";
import { type Failure, GO_ON, type Order, type Report, type ThreadStart } from "./protocol.ts";

const { program, options, word } = workerData as ThreadStart;

function fail(cause: unknown): void {
  const { name, message, code } = (cause instanceof Error ? cause : new Error(String(cause))) as Error & {
    code?: unknown;
  };
  const failed = { name, message, code: typeof code === "string" ? code : "ERR_WORKER" };
  parentPort!.postMessage({ failed } satisfies Failure);
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
