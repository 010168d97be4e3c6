/**
 * Which rows of the kernel's tables a stretch of code reads and writes: the tables' methods of one machine are wrapped, and tell.
 * A method that begins with "set", or that the table says is one, writes its row.
 */
import type { Kernel } from "../../src/kernel-sim/kernel.ts";

export interface Touch {
  readonly table: "tasks" | "cpus" | "smp" | "fair" | "waits" | "timers";
  readonly method: string;
  /** What the method was given first: a task, a CPU, a queue. */
  readonly row: number;
  readonly writes: boolean;
}

const WRITERS: Readonly<Record<string, readonly string[]>> = {
  fair: [
    "enqueue",
    "sleepCurrent",
    "putBack",
    "begin",
    "dequeueWaiting",
    "preempt",
    "yieldCurrent",
    "prepare",
  ],
  waits: ["add", "remove", "moveAll", "move"],
  timers: ["arm", "cancel"],
};

export class KernelTracker {
  readonly touches: Touch[] = [];
  on = false;

  constructor(kernel: Kernel) {
    for (const table of ["tasks", "cpus", "smp", "fair", "waits", "timers"] as const) {
      this.#wrap(table, kernel[table]);
    }
  }

  #wrap(table: Touch["table"], object: object): void {
    const tracker = this;
    for (const method of Object.getOwnPropertyNames(Object.getPrototypeOf(object))) {
      const plain = (object as Record<string, unknown>)[method];
      if (method === "constructor" || typeof plain !== "function") continue;
      const writes = method.startsWith("set") || WRITERS[table]?.includes(method) === true;
      Object.defineProperty(object, method, {
        value(this: unknown, ...args: number[]): unknown {
          if (tracker.on) tracker.touches.push({ table, method, row: args[0]!, writes });
          return plain.apply(this, args);
        },
      });
    }
  }
}
