/**
 * A CPU that is held up now and then for a moment, before and behind what it looks at and changes: for tests of the kernel.
 *
 * A race of two CPUs needs one of them to come between two stores of the other, which are nanoseconds apart: once in hours of a
 * storm. Held up there, the other one comes in seconds. What is half done by a method of a table is so by calls of others, so the
 * tables' methods are enough; the kernel's code and a CPU that is not disturbed have nothing to do with it.
 *
 * Source: Edelstein, Farchi, Nir, Ratsaby, Ur, "Multithreaded Java program test generation" (2002): noise that is made where
 * threads share something. Rejected: more CPUs than cores, which does the same to where a CPU is in its time slice, and so to a
 * few in a million of these places.
 */
import type { VcpuHost } from "./host.ts";

/** The longest time for which it is held up, ms: some sections and a wake-up. */
const LONGEST_MS = 0.3;
const NEVER = new Int32Array(new SharedArrayBuffer(4));

/** Those of the host that begin and end sections, or are on the way of user mode. */
const OF_HOST = ["wanted", "breathe", "leaveKernel", "alone"] as const;

type Method = (this: object, ...args: unknown[]) => unknown;

/** From now on the executing CPU of `host` is held up at one in `1 / chance` of these places. `random`: from 0 to below 1. */
export function disturb(host: VcpuHost, chance: number, random: () => number = Math.random): void {
  const hold = (): void => {
    if (random() < chance) Atomics.wait(NEVER, 0, 0, random() * LONGEST_MS);
  };
  const { tasks, cpus, waits, pipes, files, watches, timers, smp } = host.kernel;
  for (const table of [tasks, cpus, waits, pipes, files, watches, timers, smp, host.lock, host.shared])
    for (const name of methodsOf(table)) wrap(table, name, hold);
  for (const name of OF_HOST) wrap(host, name, hold);
}

function methodsOf(table: object): Set<string> {
  const names = new Set<string>();
  for (let from = Object.getPrototypeOf(table); from !== Object.prototype; from = Object.getPrototypeOf(from))
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(from)))
      if (typeof value === "function" && name !== "constructor") names.add(name);
  return names;
}

function wrap(table: object, name: string, hold: () => void): void {
  const method = Reflect.get(table, name) as Method;
  Object.defineProperty(table, name, {
    value(...args: unknown[]): unknown {
      hold();
      const result = method.apply(table, args);
      hold();
      return result;
    },
  });
}
