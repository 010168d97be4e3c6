/** The thread of a parallel exploration: loads the program, explores what it is sent, and sends what has come of it. */
import { parentPort, workerData } from "node:worker_threads";
import { runJob } from "../explore/frontier/job.ts";
import { type UnitResult, UnitRunner } from "../explore/frontier/unit-runner.ts";
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

function obey(runner: UnitRunner, { jobs, lessons }: Order): Report {
  const stopped = (): boolean => Atomics.load(word, 0) !== GO_ON;
  const results: UnitResult[] = [];
  runner.learn(lessons);
  for (const job of jobs) {
    results.push(runJob(runner, job, stopped));
    // One who learned of a spin knows what the others do not: what remains is of a search that is over.
    if (stopped() || results.at(-1)!.lesson !== undefined) break;
  }
  return { results };
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
