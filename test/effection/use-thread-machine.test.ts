/** Machines on real threads in a scope: they end with it, however it ends. */
import { run, scoped, sleep, spawn, until } from "effection";
import { expect, test } from "vitest";
import { useThreadMachine } from "../../src/effection/index.ts";
import type { ThreadMachine } from "../../src/machine/threads/index.ts";

const image = new URL("../support/thread-programs.ts", import.meta.url);
const timeoutMs = 30_000;

test("a machine ends with its scope, in the middle of its run", async () => {
  let machine: ThreadMachine | undefined;
  await run(function* () {
    yield* scoped(function* () {
      machine = yield* useThreadMachine({
        vcpus: 2,
        maxTasks: 64,
        userBytes: 1 << 16,
        image,
        entry: "setUpEndless",
      });
      const endless = yield* spawn(() => until(machine!.run({ timeoutMs })));
      yield* sleep(5);
      expect(machine.workers).toBe(2);
      yield* endless.halt();
      // Its run goes on: it is the machine's, and not the operation's that waited for it.
      expect(machine.waiters().length).toBeGreaterThan(0);
    });
    expect(machine!.workers).toBe(0);
  });
});

test("a scope that ends while CPUs come up leaves none", async () => {
  const task = run(() => useThreadMachine({ vcpus: 2, image, entry: "setUpNothing" }));
  await task.halt();
  const none = run(() => useThreadMachine({ vcpus: 0, image }));
  await expect(none).rejects.toMatchObject({ code: "ERR_CONFIG" });
});
