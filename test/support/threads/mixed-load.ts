/**
 * What the victims of the kill campaign do, and those who must survive them: everything that host threads can do, at random.
 *
 * | word              | what                                                                                          |
 * |-------------------|-----------------------------------------------------------------------------------------------|
 * | STOP              | 1: come to an end                                                                              |
 * | VIOLATIONS        | something that must not be was seen                                                            |
 * | FAILED            | which check                                                                                    |
 * | CLAIMS + cpu      | the thread that runs on a CPU                                                                   |
 * | PAIRS + 2 * mutex | two words that are equal while nobody has the mutex, or its owner has died                      |
 * | PEERS + i         | threads to unpark and to switch to                                                             |
 * | BEGUN + i         | how much the one at place i has done                                                            |
 */
import { Sfc32 } from "../../../src/random/sfc32.ts";
import {
  acquire,
  blocking,
  cpu,
  kick,
  lock,
  park,
  receive,
  release,
  safepoint,
  send,
  sleep,
  switchTo,
  ThreadError,
  threadId,
  unlock,
  unpark,
  yieldNow,
} from "../../../src/threads/index.ts";

export const STOP = 0;
export const VIOLATIONS = 1;
export const FAILED = 2;
export const CLAIMS = 16;
export const PAIRS = 32;
export const PEERS = 64;
export const MUTEXES = 3;
export const PERMITS = 2;
/** The only one of its kind. */
const SEMAPHORE = 0;
const CHANNEL = 0;
export const BEGUN = 128;
export const LOAD_BYTES = 1024;

type Words = Int32Array<SharedArrayBuffer>;

/** Whole numbers from 0 to below `width`, by the seed. */
export function dice(seed: number): (width: number) => number {
  const stream = new Sfc32(seed);
  return (width) => Math.floor(stream.next() * width);
}

function check(words: Words, holds: boolean, which: number): void {
  if (holds) return;
  Atomics.add(words, VIOLATIONS, 1);
  Atomics.store(words, FAILED, which);
}

function compute(loops: number): void {
  for (let i = 0, x = 1; i < loops; i++) x = Math.imul(x, 1_103_515_245) + 12_345;
}

/** Nobody else may come to this CPU meanwhile. Who dies in here leaves its claim to the next one, which overwrites it. */
function claimed(words: Words, loops: number): void {
  const [me, at] = [threadId(), CLAIMS + cpu()];
  Atomics.exchange(words, at, me);
  compute(loops);
  check(words, Atomics.compareExchange(words, at, me, 0) === me, 1);
}

function underMutex(words: Words, mutex: number, pause: boolean): void {
  const outcome = lock(mutex, 50);
  if (outcome === "timed-out") return;
  const pair = PAIRS + 2 * mutex;
  if (outcome === "owner-died") words[pair + 1] = words[pair]!;
  check(words, words[pair] === words[pair + 1], 2);
  words[pair]!++;
  if (pause) yieldNow();
  else compute(50);
  words[pair + 1]!++;
  unlock(mutex);
}

function underPermit(): void {
  if (acquire(SEMAPHORE, 1) === "timed-out") return;
  yieldNow();
  release(SEMAPHORE);
}

function handOver(peer: number): void {
  try {
    switchTo(peer, 2);
  } catch (error) {
    if (!(error instanceof ThreadError)) throw error;
  }
}

/** How many things it has done, until it was told to stop. */
export function mixedLoad(words: Words, seed: number, peers: number, place: number): number {
  const below = dice(seed);
  const peer = (): number => Atomics.load(words, PEERS + below(peers));
  let done = 0;
  for (; Atomics.load(words, STOP) === 0; done++) {
    Atomics.add(words, BEGUN + place, 1);
    claimed(words, 20 + below(400));
    const act = below(19);
    if (act < 4) yieldNow();
    else if (act < 7) underMutex(words, below(MUTEXES), act === 4);
    else if (act < 9) handOver(peer());
    else if (act < 10) park(1);
    else if (act < 12) unpark(peer());
    else if (act < 13) kick(peer());
    else if (act < 14) safepoint();
    else if (act < 15) sleep(0.2);
    else if (act < 16) send(CHANNEL, seed, 0.5);
    else if (act < 17) check(words, receive(CHANNEL, 0.5).status !== "closed", 3);
    else if (act < 18) underPermit();
    else blocking(() => Atomics.wait(words, STOP, 0, 0.3));
  }
  return done;
}

/** Does the same for a while, and dies by its own hand. */
export function mixedSuicide(words: Words, seed: number, _: number, place: number): never {
  Atomics.add(words, BEGUN + place, 1);
  const below = dice(seed);
  for (let i = below(60); i > 0; i--) {
    yieldNow();
    underMutex(words, below(MUTEXES), true);
  }
  if (below(2) === 0) lock(below(MUTEXES), 5);
  else acquire(SEMAPHORE, 1);
  process.exit(3);
}
