/**
 * A queue for each CPU: a thread goes back to where it ran, whose caches know it; a CPU that has nobody takes the first of
 * the next one that has. Threads that have not run yet go from CPU to CPU.
 */
import type { ThreadPolicy } from "../policy.ts";
import { append, takeFirst, unlink } from "./links.ts";

/** Word 0: where the next thread goes that has not run. Then two words a CPU, then the nexts. */
const TURN = 0;
const HEADS = 1;

export const perCpu: ThreadPolicy = {
  words: ({ threads, cpus }) => HEADS + 2 * cpus + threads + 1,
  enqueue(queue, { cpus }, thread, cpu) {
    let home = cpu;
    if (cpu < 0) {
      home = queue[TURN]!;
      queue[TURN] = (home + 1) % cpus;
    }
    append(queue, HEADS + 2 * home, HEADS + 2 * cpus, thread);
  },
  pick(queue, { cpus }, cpu) {
    for (let i = 0; i < cpus; i++) {
      const thread = takeFirst(queue, HEADS + 2 * ((cpu + i) % cpus), HEADS + 2 * cpus);
      if (thread !== 0) return thread;
    }
    return 0;
  },
  remove(queue, { cpus }, thread) {
    for (let cpu = 0; cpu < cpus; cpu++) if (unlink(queue, HEADS + 2 * cpu, HEADS + 2 * cpus, thread)) return;
  },
};
