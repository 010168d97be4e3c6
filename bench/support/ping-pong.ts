/**
 * Two host threads that take turns, pinned as the argument says, "same-cpu" or "two-cpus": prints ns a hand-over of each game,
 * as many samples as REPETITIONS, the games in turn: a bare wait and notify, `switchTo`, and `unpark` with `park`.
 */
import { execFileSync } from "node:child_process";
import { createThreads } from "../../src/threads/index.ts";
import { GAME_BYTES, type Samples, TIDS } from "./thread-games.ts";

// Short, so that what else the machine does comes upon all games alike.
const REPETITIONS = 41;
const ROUNDS = 500;

function pin(tid: number, cpu: number): void {
  execFileSync("taskset", ["-pc", String(cpu), String(tid)], { stdio: "ignore" });
}

const where = process.argv[2] ?? "same-cpu";
const url = new URL("./thread-games.ts", import.meta.url);
const words = new Int32Array(new SharedArrayBuffer(GAME_BYTES));
// As many CPUs of the runtime as of the host: where there is one, nobody is to look for work of his own accord.
const spinUs = where === "same-cpu" ? 0 : 100;
const threads = await createThreads({ cpus: 2, threads: 2, quantumMs: 0, spinUs });
const players = [0, 1].map((side) =>
  threads.spawn<Samples>({ url, export: "player", args: [words, side, 2 - side, ROUNDS, REPETITIONS] }),
);
while (players.some(({ state }) => state !== "waiting"))
  await new Promise((resolve) => setTimeout(resolve, 5));
pin(process.pid, 0);
pin(Atomics.load(words, TIDS), 0);
pin(Atomics.load(words, TIDS + 1), where === "same-cpu" ? 0 : 1);
for (const handle of players) await handle.unpark();
const [samples] = await Promise.all(players.map((handle) => handle.join()));
await threads.close();
console.log(JSON.stringify(samples));
