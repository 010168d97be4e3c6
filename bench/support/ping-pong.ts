/**
 * Two threads that take turns, pinned as the argument says: prints {"raw":[...],"handoff":[...]}, ns a hand-over, as many
 * samples as REPETITIONS, in turn. This module is both threads: the main one and its Worker.
 */
import { execFileSync } from "node:child_process";
import { readlinkSync } from "node:fs";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { runToEnd, WorkerWords } from "../../src/hosts/threads/index.ts";
import {
  awaitTurn,
  type CpuToken,
  giveTurn,
  LklCpus,
  layOutCpus,
  layOutTurns,
  switchTo,
} from "../../src/kernel-sim/lkl/cpu/index.ts";

const REPETITIONS = 7;
const ROUNDS = 4000;
const WARM_UP = 2;
const WAIT_MS = 10_000;
const WAIT_NS: number = WAIT_MS * 1e6;

const layout = layOutCpus(64, { threads: 2, irqLines: 1 });
const turns = layOutTurns(layout.end, 2);
/** Words of the raw game, a line each; the partner's thread id; its readiness. */
const [PING, PONG, TID] = [turns.end >> 2, (turns.end + 64) >> 2, (turns.end + 128) >> 2];

function must(token: CpuToken | string): CpuToken {
  if (typeof token === "string") throw new Error(token);
  return token;
}

/** Waits until the word is 1 and makes it 0. */
function take(words: Int32Array<SharedArrayBuffer>, word: number): void {
  while (Atomics.load(words, word) === 0) {
    if (Atomics.wait(words, word, 0, WAIT_MS) === "timed-out") throw new Error("the partner is gone");
  }
  Atomics.store(words, word, 0);
}
function give(words: Int32Array<SharedArrayBuffer>, word: number): void {
  Atomics.store(words, word, 1);
  Atomics.notify(words, word, 1);
}

function cpusOf(buffer: SharedArrayBuffer, self: number): LklCpus {
  return new LklCpus(new WorkerWords(buffer, self, () => undefined), layout, function* () {});
}

function partner(buffer: SharedArrayBuffer): void {
  const words = new Int32Array(buffer);
  const cpus = cpusOf(buffer, 2);
  // Its number among the threads of the process, as the host's scheduler knows it.
  Atomics.store(words, TID, Number(readlinkSync("/proc/thread-self").split("/").at(-1)));
  Atomics.notify(words, TID);
  for (let repetition = 0; repetition < REPETITIONS + WARM_UP; repetition++) {
    for (let round = 0; round < ROUNDS; round++) {
      take(words, PING);
      give(words, PONG);
    }
    let token = must(runToEnd(awaitTurn(cpus, turns, 0, WAIT_NS)));
    for (let round = 1; round < ROUNDS; round++)
      token = must(runToEnd(switchTo(cpus, turns, token, 1, WAIT_NS)));
    runToEnd(giveTurn(cpus, turns, token, 1));
  }
}

function rawNs(words: Int32Array<SharedArrayBuffer>): number {
  const begin = performance.now();
  for (let round = 0; round < ROUNDS; round++) {
    give(words, PING);
    take(words, PONG);
  }
  return ((performance.now() - begin) * 1e6) / (2 * ROUNDS);
}

function handoffNs(cpus: LklCpus): number {
  let token = must(runToEnd(cpus.get(0, WAIT_NS)));
  const begin = performance.now();
  for (let round = 0; round < ROUNDS; round++)
    token = must(runToEnd(switchTo(cpus, turns, token, 2, WAIT_NS)));
  const ns = ((performance.now() - begin) * 1e6) / (2 * ROUNDS);
  runToEnd(cpus.put(token));
  return ns;
}

function pin(tid: number, cpu: number): void {
  execFileSync("taskset", ["-pc", String(cpu), String(tid)], { stdio: "ignore" });
}

async function main(where: string): Promise<void> {
  const buffer = new SharedArrayBuffer(turns.end + 256);
  const words = new Int32Array(buffer);
  const worker = new Worker(new URL(import.meta.url), { workerData: buffer });
  const wait = Atomics.waitAsync(words, TID, 0, WAIT_MS);
  const keepAlive = setInterval(Boolean, WAIT_MS);
  if (wait.async) await wait.value;
  clearInterval(keepAlive);
  pin(process.pid, 0);
  pin(Atomics.load(words, TID), where === "same-cpu" ? 0 : 1);
  const cpus = cpusOf(buffer, 1);
  const [raw, handoff]: [number[], number[]] = [[], []];
  for (let repetition = 0; repetition < REPETITIONS + WARM_UP; repetition++) {
    raw.push(rawNs(words));
    handoff.push(handoffNs(cpus));
  }
  await worker.terminate();
  console.log(JSON.stringify({ raw: raw.slice(WARM_UP), handoff: handoff.slice(WARM_UP) }));
}

if (isMainThread) await main(process.argv[2] ?? "same-cpu");
else partner(workerData as SharedArrayBuffer);
