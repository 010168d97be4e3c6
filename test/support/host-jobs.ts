/** Functions of host threads, and set-up code that spawns them. */
import { readFileSync } from "node:fs";
import { threadId } from "node:worker_threads";
import { type Addr, offsetBy } from "../../src/atomics/address.ts";
import type { Coroutine } from "../../src/atomics/step.ts";
import { SIGKILL } from "../../src/kernel-sim/constants.ts";
import {
  blocking,
  cpu,
  type HostSpec,
  type HostThreadDiedError,
  memory,
  now,
  type SetUp,
  safepoint,
  say,
  spawnHost,
  sys,
  tid,
  work,
  worker,
} from "../../src/machine/threads/index.ts";

import {
  createRuntime,
  type RuntimeOptions,
  type Worker,
  type WorkerHandle,
} from "../../src/worker/index.ts";

const MS = 1_000_000;
const url = import.meta.url;

function add(at: number, by: number): number {
  for (;;) {
    const old = memory.load32(at);
    if (memory.cmpxchg32(at, old, old + by) === 0) return old + by;
  }
}

function codeOf(body: () => unknown): unknown {
  try {
    return body();
  } catch (error) {
    return (error as { code: string }).code;
  }
}

/** What a program is told that asks for no time: nothing is left out where a number was given that is none. */
function refusals(at: number): unknown[] {
  const times = [Number.NaN, Number.POSITIVE_INFINITY, -1].map((ns) => codeOf(() => work(ns)));
  return [...times, sys.futexWait(at + 60, 0, Number.NaN), sys.nanosleep(Number.NaN)];
}

/** Adds to a word, waits for the other in a futex, reads a file off the CPU, and returns a number. */
export function everything(at: number, absent: number): number {
  const fd = sys.pipe();
  memory.write(at + 32, Buffer.from("abcd"));
  const wrote = sys.write(fd + 1, at + 32, 4);
  const read = sys.read(fd, at + 40, 8);
  memory.store32(at, wrote * 16 + read);
  memory.store32(at + 4, memory.load32(at + 40));
  memory.store32(at + 8, -sys.futexWait(at + 60, 1, MS));
  memory.store32(at + 12, -sys.futexWait(at + 60, 0, MS));
  const began = now();
  sys.nanosleep(2 * MS);
  memory.store32(at + 16, now() - began >= 2 * MS ? 1 : 0);
  const length = blocking(() => readFileSync(new URL(url), "utf8").length);
  memory.store32(at + 20, length > 100 ? 1 : 0);
  memory.store32(absent, 7);
  memory.store32(at + 24, memory.load32(absent) + (sys.gettid() === tid() ? 1 : 0));
  memory.store32(at + 28, -sys.read(99, at, 4));
  work(1000);
  say({ refused: refusals(at) });
  say({ job: "everything", cpu: cpu() });
  return 42;
}

/**
 * Computes, comes in when it is asked to, sleeps, and blocks: `rounds` times. `counts`: how many compute at once, and the most
 * there ever were. Not in the machine's memory, where an access may come in.
 */
export function crowd(at: number, counts: Int32Array, rounds: number): void {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  for (let round = 0; round < rounds; round++) {
    const many = Atomics.add(counts, 0, 1) + 1;
    for (let most = Atomics.load(counts, 1); most < many; ) {
      const found = Atomics.compareExchange(counts, 1, most, many);
      if (found === most) break;
      most = found;
    }
    for (const until = now() + 100_000; now() < until; );
    Atomics.sub(counts, 0, 1);
    safepoint();
    if (round % 3 === 0) blocking(() => Atomics.wait(cell, 0, 0, 1));
    if (round % 3 === 1) sys.schedYield();
    if (round % 3 === 2) sys.nanosleep(100_000);
  }
  memory.store32(at + 4, counts[1]!);
  add(at, 1);
}

function setUpCalls(machine: SetUp): void {
  const at = machine.allocate(64);
  const absent = machine.allocate(4096, 4096);
  machine.swapOut(absent, 4096);
  const host = machine.spawnHost({ url, export: "everything", args: [at, absent] });
  machine.spawn(function* (env) {
    yield* env.memory.store32(offsetBy(at, 56), yield* env.sys.join(host));
  });
  const many = machine.allocate(64);
  const counts = new Int32Array(new SharedArrayBuffer(8));
  for (let n = 0; n < 4; n++) machine.spawnHost({ url, export: "crowd", args: [many, counts, 30] });
}

/** What a worker returned, or the code of the error that its join throws. */
function* endOf(self: Worker, handle: WorkerHandle<unknown>): Coroutine<unknown> {
  try {
    return yield* self.join(handle);
  } catch (error) {
    return (error as { code: string }).code;
  }
}

interface Seat {
  readonly record: Addr;
  readonly generation: number;
}

/** A worker that is parked until another says so, blocks, gives way, and joins one that is a coroutine. */
export function guest(at: number, peer: Seat | undefined, friend: Seat): number {
  worker.park();
  add(at, 1);
  const cell = new Int32Array(new SharedArrayBuffer(4));
  blocking(() => Atomics.wait(cell, 0, 0, 3));
  worker.yield();
  worker.sleep(MS);
  say({ sleep: codeOf(() => worker.sleep(Number.NaN)) });
  if (peer !== undefined) worker.unpark(peer);
  return 100 + (worker.join(friend) ?? 0);
}

/** Computes until it has been made to give way often enough. */
export function spinner(at: number, turns: number): { readonly turns: number } {
  while (memory.load32(at) < turns) safepoint();
  return { turns };
}

export function cancelled(): void {
  worker.park();
}

export function setUpLife(machine: SetUp): void {
  setUpCalls(machine);
  setUpWorkers(machine);
  setUpFamily(machine);
}

function setUpWorkers(machine: SetUp): void {
  const at = machine.allocate(64);
  const runtime = createRuntime(machine, machine.args as RuntimeOptions);
  const friends = [5, 7].map((value) =>
    runtime.spawn(function* (self) {
      yield* self.sleep(MS);
      return value;
    }),
  );
  const seat = ({ record, generation }: Seat): Seat => ({ record, generation });
  const last = machine.spawnHostWorker(runtime, {
    url,
    export: "guest",
    args: [at, undefined, seat(friends[0]!)],
  });
  const first = machine.spawnHostWorker(runtime, {
    url,
    export: "guest",
    args: [at, seat(last), seat(friends[1]!)],
  });
  const lost = machine.spawnHostWorker(runtime, { url, export: "cancelled" });
  const spins = machine.spawnHostWorker(runtime, { url, export: "spinner", args: [at + 4, 20] });
  runtime.spawn(function* (self) {
    yield* self.unpark(first);
    yield* self.cancel(lost);
    for (let turn = 0; turn < 20; turn++) {
      yield* self.memory.store32(offsetBy(at, 4), turn + 1);
      yield* self.yield();
    }
    const workers: unknown[] = [];
    for (const handle of [first, last, lost, spins]) workers.push(yield* endOf(self, handle));
    machine.say({ workers });
  });
}

/** Dies in the way that is asked for. */
export function dies(how: "throws" | "exits" | "exits blocking" | "parked" | "computes"): void {
  say({ dies: how, tid: tid() });
  if (how === "throws") throw new TypeError("because of the test");
  if (how === "exits") process.exit(3);
  if (how === "exits blocking") blocking(() => process.exit(4));
  // With a deadline: a machine in which nothing can happen any more would be found out.
  if (how === "parked") worker.parkUntil(now() + 1e12);
  for (;;);
}

export function setUpDeaths(machine: SetUp): void {
  const dying = (how: string): HostSpec => ({ url, export: "dies", args: [how] });
  const tasks = [machine.spawnHost(dying("throws")), machine.spawnHost(dying("computes"), { affinity: [1] })];
  const runtime = createRuntime(machine);
  const workers = ["exits", "exits blocking", "parked"].map((how) =>
    machine.spawnHostWorker(runtime, dying(how), { name: how }),
  );
  // Not where one computes that never comes in.
  machine.spawn(
    function* (env) {
      yield* env.sys.nanosleep(20 * MS);
      yield* env.sys.kill(tasks[1]!, SIGKILL);
      const ends: number[] = [];
      for (const task of tasks) ends.push(yield* env.sys.join(task));
      machine.say({ ends });
    },
    { affinity: [0] },
  );
  runtime.spawn(function* (self) {
    for (const handle of workers) {
      try {
        yield* self.join(handle);
      } catch (error) {
        const { name, code, state, lastWait, message } = error as HostThreadDiedError;
        machine.say({ died: handle.name, name, code, state, lastWait, message });
      }
    }
  });
}

/** In each state that a stop may find a thread in. */
export function lingers(how: "computes" | "blocks" | "sleeps"): void {
  say(how);
  const cell = new Int32Array(new SharedArrayBuffer(4));
  if (how === "sleeps") sys.nanosleep(1e12);
  if (how === "blocks") blocking(() => Atomics.wait(cell, 0, 0));
  for (;;);
}

export function setUpLingering(machine: SetUp): void {
  for (const how of ["computes", "blocks", "sleeps"])
    machine.spawnHost({ url, export: "lingers", args: [how] });
}

/** Starts others on the threads that are free: one as a task, one as a worker, and more than there are. */
export function parent(gate: number): number {
  const spec = (value: number): HostSpec => ({ url, export: "child", args: [value, gate] });
  let sum = sys.join(spawnHost(spec(1)));
  sum += worker.join(worker.spawnHost(spec(10))) ?? 0;
  const waiting: number[] = [];
  // As many as there are, which wait until then.
  try {
    for (;;) waiting.push(spawnHost(spec(0)));
  } catch (error) {
    say({ code: (error as { code: string }).code });
  }
  memory.store32(gate, 1);
  sys.futexWake(gate, waiting.length);
  for (const task of waiting) sum += sys.join(task);
  return sum;
}
export function child(value: number, gate: number): number {
  say({ on: threadId });
  if (value === 0) sys.futexWait(gate, 0);
  return value;
}

/** With free threads that run more than one task each; and with functions that are not there. */
function setUpFamily(machine: SetUp): void {
  const runtime = createRuntime(machine);
  const elder = machine.spawnHostWorker(runtime, { url, export: "parent", args: [machine.allocate(4)] });
  runtime.spawn(function* (self) {
    const sum = yield* endOf(self, elder);
    const lost = yield* machine.spawnHostWorkerFrom(self, { url: `${url}.none` });
    const killed = yield* machine.spawnHostFrom(self.env, { url: `${url}.none` });
    machine.say({ sum, ends: [yield* endOf(self, lost), yield* self.sys.join(killed)] });
  });
}

/** On one CPU: a thread that computes until a task has run that the thread must make room for; and one that waits for ever. */
export function setUpWaiting(machine: SetUp): void {
  const at = machine.allocate(4);
  machine.spawnHost({ url, export: "spinner", args: [at, 1] });
  machine.spawn(function* (env) {
    yield* env.sys.nanosleep(20 * MS);
    yield* env.memory.store32(at, 1);
  });
  machine.spawnHost({ url, export: "waits" }, { name: "estragon" });
}
export function waits(): void {
  sys.futexWait(sys.allocate(64), 0);
}

export function setUpMissingHost(machine: SetUp): void {
  machine.spawnHost({ url, export: "missing" });
}
