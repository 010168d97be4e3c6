/** What the host threads of tests run: plain functions that block. Shared words come as an Int32Array over shared memory. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import {
  blocking,
  call,
  cpu,
  join,
  lock,
  park,
  safepoint,
  sleep,
  spawn,
  switchTo,
  ThreadError,
  threadId,
  unlock,
  unpark,
  yieldNow,
} from "../../../src/threads/index.ts";

type Words = Int32Array<SharedArrayBuffer>;

/** Words that count who owns a CPU: how many do now, and the most that ever did. */
const OWNERS = 0;
const MOST = 1;

/** Counts the caller among the owners while `body` runs, which must not give its CPU away. */
function counted(words: Words, body: () => void): void {
  const owners = Atomics.add(words, OWNERS, 1) + 1;
  for (let most = Atomics.load(words, MOST); owners > most; most = Atomics.load(words, MOST))
    Atomics.compareExchange(words, MOST, most, owners);
  body();
  Atomics.sub(words, OWNERS, 1);
}

function spin(loops: number): void {
  for (let i = 0, x = 1; i < loops; i++) x = Math.imul(x, 1_103_515_245) + 12_345;
}

export function add(a: number, b: number): number {
  return a + b;
}

export function echo(value: unknown): unknown {
  return value;
}

export function identity(): { id: number; cpu: number } {
  return { id: threadId(), cpu: cpu() };
}

export function throws(text: string): never {
  throw new RangeError(text);
}

export function exits(code: number): never {
  process.exit(code);
}

export function returnsFunction(): unknown {
  return () => 1;
}

export async function isAsync(): Promise<number> {
  return 1;
}

export function eats(): number {
  const kept: number[][] = [];
  for (;;) kept.push(new Array(100_000).fill(1.5));
}

export function spinsForEver(words: Words, word: number): void {
  Atomics.store(words, word, 1);
  Atomics.notify(words, word);
  for (;;) spin(1000);
}

/** Yields, computes and yields again. */
export function yields(words: Words, rounds: number): number {
  for (let i = 0; i < rounds; i++) {
    counted(words, () => spin(200));
    yieldNow();
  }
  return rounds;
}

export function parks(words: Words, word: number, timeoutMs?: number): boolean {
  Atomics.store(words, word, 1);
  return park(timeoutMs);
}

export function unparks(peer: number): boolean {
  return unpark(peer);
}

/** One of a ring: waits for its turn, and hands the CPU to the next until its rounds are over. */
export function ringMember(words: Words, next: number, turn: number, rounds: number): number {
  park();
  for (let visit = 1; visit <= rounds; visit++) {
    counted(words, () => Atomics.add(words, turn, 1));
    if (visit === rounds) unpark(next);
    else switchTo(next);
  }
  return rounds;
}

/** While this blocks, its CPU is another's. The value that ends it: whoever sets it may be faster than the wait. */
export function blocksOn(words: Words, word: number): number {
  return blocking(() => {
    Atomics.store(words, word, 1);
    while (Atomics.load(words, word) === 1) Atomics.wait(words, word, 1);
    return Atomics.load(words, word);
  });
}

export function reads(path: string): number {
  return blocking(() => readFileSync(path, "utf8").length);
}

export function runsChild(): string {
  return blocking(() => spawnSync(process.execPath, ["-p", "6 * 7"], { encoding: "utf8" }).stdout.trim());
}

export function wakes(words: Words, word: number): void {
  Atomics.store(words, word, 2);
  Atomics.notify(words, word);
}

/** Adds to a plain word, which only the mutex protects. */
export function addsUnder(mutex: number, words: Words, word: number, rounds: number): number {
  let died = 0;
  for (let i = 0; i < rounds; i++) {
    if (lock(mutex) === "owner-died") died++;
    const found = words[word]!;
    if (i % 8 === 0) yieldNow();
    words[word] = found + 1;
    unlock(mutex);
  }
  return died;
}

/** Locks a mutex and never unlocks it: ends, or stays, as `how` says. */
export function keeps(mutex: number, words: Words, word: number, how: "returns" | "throws" | "stays"): void {
  lock(mutex);
  Atomics.store(words, word, 1);
  Atomics.notify(words, word);
  if (how === "throws") throw new Error("with the mutex");
  while (how === "stays") spin(1000);
}

export function locks(mutex: number, timeoutMs?: number): string {
  const outcome = lock(mutex, timeoutMs);
  if (outcome !== "timed-out") unlock(mutex);
  return outcome;
}

export function misuses(mutex: number, how: "twice" | "not-mine" | "none"): void {
  if (how === "none") lock(9999);
  if (how === "not-mine") unlock(mutex);
  lock(mutex);
  lock(mutex);
}

/** Computes until the word changes; others get the CPU at its safepoints. */
export function computes(words: Words, word: number): number {
  let loops = 0;
  for (; Atomics.load(words, word) === 0; loops++) {
    spin(100);
    safepoint();
  }
  return loops;
}

export function sets(words: Words, word: number): void {
  Atomics.store(words, word, 1);
}

export function sleeps(ms: number): number {
  const begin = performance.now();
  sleep(ms);
  return performance.now() - begin;
}

export function switches(peer: number, timeoutMs?: number): boolean {
  return switchTo(peer, timeoutMs);
}

/** What `body` returns, or the code of what it throws, its text, and its cause. */
function outcome(body: () => unknown): unknown {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof ThreadError)) throw error;
    const cause =
      error.cause instanceof Error ? { ...error.cause, message: error.cause.message } : error.cause;
    return [error.code, error.message, ...(cause === undefined ? [] : [cause])];
  }
}

/** Calls a function through another thread. */
export function calls(code: number, values: number[]): unknown {
  return outcome(() => call(code, ...values));
}

export function throwsCode(code: number): never {
  throw Object.assign(new TypeError(`two\nlines, and ${"more ".repeat(100)}`), { code: `E${code}` });
}

export function throwsNumber(value: number): never {
  throw value;
}

/** Has two children at once, who wait for each other: they run beside each other and beside the parent. One Worker is too few for a third. */
export function parent(meets: number, other: number): unknown[] {
  const children = [spawn(meets, 1), spawn(meets, 2)];
  const third = outcome(() => spawn(other));
  for (const child of children) unpark(child);
  const results = children.toReversed().map((child) => outcome(() => join(child)));
  return [third, results, outcome(() => join(children[0]!)), outcome(() => join(1))];
}

export function parksOnce(value: number): number {
  park();
  return value;
}

/** Joins a child too early, and again; then one that has died already. */
export function joinsLate(parks: number, dies: number): unknown[] {
  const child = spawn(parks, 7);
  const early = outcome(() => join(child, 5));
  // While the one ends, it waits for the other.
  unpark(child);
  const other = outcome(() => call(dies, 0));
  const first = outcome(() => join(child));
  return [early, other, first];
}

/** Spawns a child, tells its number, and ends. */
export function leaves(code: number, value: number): number {
  return spawn(code, value);
}

/** Waits for a child that its owner kills, or for one that is dead by then. */
/** Has a child as soon as a Worker waits, and parks. */
export function begets(code: number): void {
  for (let child = 0; child === 0; ) {
    try {
      child = spawn(code, 1);
    } catch {
      sleep(1);
    }
  }
  park();
}

export function outlives(dies: number, late: boolean): unknown {
  const child = spawn(dies, 3);
  if (late) sleep(200);
  return outcome(() => join(child));
}

/** Calls something that takes a while until the word changes, also while no Worker waits. */
export function callsUntil(words: Words, word: number, code: number): number {
  let calls = 0;
  for (; Atomics.load(words, word) === 0; calls++) {
    outcome(() => call(code, 20));
    sleep(5);
  }
  return calls;
}

export function callsOften(code: number, rounds: number): number {
  let sum = 0;
  for (let i = 0; i < rounds; i++) sum += call(code, i, 1) as number;
  return sum;
}

/** Computes for some ms. */
export function spinsAWhile(ms: number): number {
  const end = performance.now() + ms;
  while (performance.now() < end) spin(100);
  return ms;
}

/** Calls deeper and deeper, and at each level the scheduler: what overflows is one or the other. `caught`: it goes on as if nothing were. */
export function overflows(caught: boolean): number {
  const deeper = (level: number): number => {
    unpark(threadId());
    park(0);
    return deeper(level + 1) + 1;
  };
  try {
    return deeper(0);
  } catch (error) {
    if (!caught) throw error;
    return 0;
  }
}
