/** What the host threads of `bench:threads` do. Every wait has an end: a partner that is gone is an error. */
import { readlinkSync } from "node:fs";
import { call, cpuTimeNs, park, switchTo, ThreadError, unpark, yieldNow } from "../../src/threads/index.ts";

type Words = Int32Array<SharedArrayBuffer>;

const WAIT_MS = 20_000;
/** Words, a line each: the two of the bare game, and the OS thread ids. */
const [PING, PONG] = [16, 32];
export const TIDS = 48;
export const GAME_BYTES = 1024;
/** Words of the crowd: who owns a CPU now, and the most that ever did. */
const [OWNERS, MOST] = [64, 65];

/** The number of the calling thread among those of the process, as the host's scheduler knows it. */
function osThread(): number {
  return Number(readlinkSync("/proc/thread-self").split("/").at(-1));
}

function take(words: Words, word: number): void {
  while (Atomics.load(words, word) === 0)
    if (Atomics.wait(words, word, 0, WAIT_MS) === "timed-out") throw new Error("the partner is gone");
  Atomics.store(words, word, 0);
}
function give(words: Words, word: number): void {
  Atomics.store(words, word, 1);
  Atomics.notify(words, word, 1);
}

export type Game = "raw" | "handoff" | "wake";

/** Switches to a peer that may be on its way into its park. */
function meet(peer: number): void {
  for (;;) {
    try {
      switchTo(peer, WAIT_MS);
      return;
    } catch (error) {
      if (!(error instanceof ThreadError) || error.code !== "ERR_NO_PEER") throw error;
    }
  }
}

type Play = (words: Words, rounds: number, peer: number) => void;

const GAMES: Record<Game, readonly [Play, Play]> = {
  raw: [
    (words: Words, rounds: number) => {
      for (let round = 0; round < rounds; round++) {
        give(words, PING);
        take(words, PONG);
      }
    },
    (words: Words, rounds: number) => {
      for (let round = 0; round < rounds; round++) {
        take(words, PING);
        give(words, PONG);
      }
    },
  ],
  handoff: [
    (_: Words, rounds: number, peer: number) => {
      meet(peer);
      for (let round = 1; round < rounds; round++) switchTo(peer, WAIT_MS);
    },
    (_: Words, rounds: number, peer: number) => {
      park(WAIT_MS);
      for (let round = 1; round < rounds; round++) switchTo(peer, WAIT_MS);
      unpark(peer);
    },
  ],
  wake: [
    (_: Words, rounds: number, peer: number) => {
      for (let round = 0; round < rounds; round++) {
        unpark(peer);
        park(WAIT_MS);
      }
    },
    (_: Words, rounds: number, peer: number) => {
      for (let round = 0; round < rounds; round++) {
        park(WAIT_MS);
        unpark(peer);
      }
    },
  ],
};

/** ns a hand-over, by the clock; of CPU time of the whole process, in which nobody else does anything. */
export interface Samples {
  readonly wall: Record<Game, number[]>;
  readonly cpu: Record<Game, number[]>;
}

/** One of two that play each game in turn, as often as `repetitions`. `side` 0 measures; `peer` is the other. */
export function player(
  words: Words,
  side: 0 | 1,
  peer: number,
  rounds: number,
  repetitions: number,
): Samples {
  Atomics.store(words, TIDS + side, osThread());
  // Until both are pinned.
  park(WAIT_MS);
  const samples: Samples = {
    wall: { raw: [], handoff: [], wake: [] },
    cpu: { raw: [], handoff: [], wake: [] },
  };
  for (let repetition = -1; repetition < repetitions; repetition++) {
    for (const game of ["raw", "handoff", "wake"] as const) {
      const [begin, cpu] = [performance.now(), process.cpuUsage()];
      GAMES[game][side](words, rounds, peer);
      const { user, system } = process.cpuUsage(cpu);
      if (repetition < 0) continue;
      samples.wall[game].push(((performance.now() - begin) * 1e6) / (2 * rounds));
      samples.cpu[game].push(((user + system) * 1e3) / (2 * rounds));
    }
  }
  return samples;
}

/** One of a crowd that passes the CPUs around by the scheduler's queue: how often it gave its CPU to another, and its CPU time. */
export function oneOfMany(words: Words, turns: number): { passed: number; cpuNs: number } {
  let passed = 0;
  for (let turn = 0; turn < turns; turn++) {
    const owners = Atomics.add(words, OWNERS, 1) + 1;
    if (owners > Atomics.load(words, MOST)) Atomics.store(words, MOST, owners);
    Atomics.sub(words, OWNERS, 1);
    if (yieldNow()) passed++;
  }
  return { passed, cpuNs: cpuTimeNs() };
}

export function nothing(): void {}

/** ns of each of `rounds` calls of a function that does nothing. */
export function callNothing(code: number, rounds: number): Float64Array {
  const samples = new Float64Array(rounds);
  for (let round = 0; round < rounds; round++) {
    const begin = performance.now();
    call(code);
    samples[round] = (performance.now() - begin) * 1e6;
  }
  return samples;
}
