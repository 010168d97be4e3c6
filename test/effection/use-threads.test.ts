/** Host threads in a scope: they end with it, however it ends. */
import { run, scoped, sleep, spawn } from "effection";
import { expect, test } from "vitest";
import { runThread, useThreads } from "../../src/effection/index.ts";
import type { HostThreads } from "../../src/threads/index.ts";

const url = new URL("../support/threads/jobs.ts", import.meta.url);
const words = (): Int32Array<SharedArrayBuffer> => new Int32Array(new SharedArrayBuffer(64));

test("threads end with their scope, and one that is halted is killed", async () => {
  let threads: HostThreads | undefined;
  await run(function* () {
    yield* scoped(function* () {
      threads = yield* useThreads({ cpus: 2, threads: 2 });
      expect(yield* runThread<number>(threads, { url, export: "add", args: [1, 2] })).toBe(3);
      const shared = words();
      const endless = yield* spawn(() =>
        runThread(threads!, { url, export: "spinsForEver", args: [shared, 0] }),
      );
      while (shared[0] === 0) yield* sleep(1);
      yield* endless.halt();
      expect(yield* runThread<number>(threads, { url, export: "add", args: [2, 2] })).toBe(4);
      expect(threads.workers).toBeGreaterThan(0);
    });
    expect(threads!.workers).toBe(0);
  });
});

test("a scope that ends while Workers start leaves none", async () => {
  const task = run(() => useThreads({ threads: 2, prewarm: 2 }));
  await task.halt();
  await expect(run(() => useThreads({ threads: 0 }))).rejects.toMatchObject({ code: "ERR_OPTION" });
});
