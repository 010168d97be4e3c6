/**
 * CPUs owned by real threads: passed from peer to peer, never by more threads than there are CPUs; lost with the thread that
 * had one; refused to destructors that come after the end. Every wait has a timeout, for one that hangs.
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Coroutine } from "../../../src/atomics/step.ts";
import { ThreadHost } from "../../../src/hosts/threads/index.ts";
import { reapThread, waitShutdown } from "../../../src/kernel-sim/lkl/cpu/index.ts";
import { THREAD_DIED, THREAD_RETURNED } from "../../../src/kernel-sim/lkl/host/host-operations.ts";
import {
  CPUS,
  comesLate,
  cpuLayout,
  cpusOf,
  diesInside,
  endsLate,
  LONG_NS,
  MOST,
  member,
  OWNERS,
  PROGRAM_BYTES,
  RINGS,
  ROUNDS,
  SAID,
  VISITS,
} from "../../support/ring-image.ts";

let host: ThreadHost;
let words: Int32Array;
const lines: string[] = [];

beforeEach(async () => {
  lines.length = 0;
  host = await ThreadHost.boot({
    image: new URL("../../support/ring-image.ts", import.meta.url),
    programBytes: PROGRAM_BYTES,
    sizes: { threads: 16 },
    print: (text) => lines.push(text),
    *reap(ops, slot) {
      yield* reapThread(ops.words, cpuLayout, slot);
    },
  });
  words = new Int32Array(host.buffer);
});
afterEach(async () => {
  await host.close();
  expect(host.workers).toBe(0);
});

const read = (a: number): number => Atomics.load(words, a >> 2);
function write(a: number, value: number): void {
  Atomics.store(words, a >> 2, value);
  Atomics.notify(words, a >> 2);
}

/** Waits for the word at `a` to be `value`. */
function* until(a: typeof SAID, value: number): Coroutine<void> {
  const ops = host.host;
  for (let tries = 0; tries < 100; tries++) {
    const found = yield* ops.words.memory.load32(a);
    if (found === value) return;
    yield* ops.words.waitWord(a, found, LONG_NS / 100);
  }
  throw new Error(`the word at ${a} is ${read(a)}`);
}

describe("threads and CPUs", () => {
  test("rings of threads pass two CPUs on, and no more than two own one at any time", async () => {
    const ops = host.host;
    function* program(): Coroutine<void> {
      const threads: number[] = [];
      // Slot 1 is the owner's: the rings are 2 3 4 and 5 6 7.
      for (let cpu = 0; cpu < CPUS; cpu++) {
        for (let i = 0; i < RINGS; i++) {
          const next = 2 + cpu * RINGS + ((i + 1) % RINGS);
          const role = i === 0 ? 1 : i === RINGS - 1 ? 2 : 0;
          threads.push(yield* ops.threadCreate(member, cpu * 1000 + next * 10 + role));
        }
      }
      for (const thread of threads) expect(yield* ops.threadJoin(thread, LONG_NS)).toBe(THREAD_RETURNED);
    }
    await host.run(program());
    expect(lines).toEqual([]);
    expect(read(VISITS)).toBe(CPUS * RINGS * ROUNDS);
    expect(read(OWNERS)).toBe(0);
    expect(read(MOST)).toBeLessThanOrEqual(CPUS);
  });

  test("a CPU whose owner dies is poisoned, and whoever wants it is told (R27)", async () => {
    const ops = host.host;
    function* program(): Coroutine<void> {
      const victim = yield* ops.threadCreate(diesInside, 0);
      yield* until(SAID, 1);
      const late = yield* ops.threadCreate(comesLate, 0);
      write(VISITS, 1);
      expect(yield* ops.threadJoin(victim, LONG_NS)).toBe(THREAD_DIED);
      expect(yield* ops.threadJoin(late, LONG_NS)).toBe(THREAD_RETURNED);
      expect(read(MOST)).toBe(1);
      const cpus = cpusOf(ops);
      expect(yield* cpus.get(0, LONG_NS)).toBe("poisoned");
      // The other one is as it was, and the end can be awaited.
      const other = yield* cpus.get(1, LONG_NS);
      if (typeof other === "string") throw new Error(other);
      yield* cpus.put(other);
      yield* cpus.shutdown();
      expect(yield* waitShutdown(ops.words, cpuLayout, 0, LONG_NS)).toBe(0);
    }
    await host.run(program());
  });

  test("a destructor that runs after the end is refused, and its thread ends (R9, R25)", async () => {
    const ops = host.host;
    function* program(): Coroutine<void> {
      const key = yield* ops.tlsAlloc(comesLate);
      const thread = yield* ops.threadCreate(endsLate, key);
      const cpus = cpusOf(ops);
      expect(yield* cpus.trigger(0, 3)).toBe("delivered");
      expect(read(SAID)).toBe(1);
      yield* cpus.shutdown();
      expect(yield* waitShutdown(ops.words, cpuLayout, 0, LONG_NS)).toBe(0);
      write(VISITS, 1);
      expect(yield* ops.threadJoin(thread, LONG_NS)).toBe(THREAD_RETURNED);
      expect(read(MOST)).toBe(2);
      expect(yield* cpus.trigger(0, 3)).toBe("dropped");
    }
    await host.run(program());
  });
});
