/**
 * Host operations on real threads: the same scenarios as on the deterministic host, and what only threads can do: die.
 * Every wait of the scenarios has a timeout, and no Worker is left behind.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ECHILD } from "../../../src/atomics/errno.ts";
import type { Coroutine } from "../../../src/atomics/step.ts";
import { ThreadHost } from "../../../src/hosts/threads/index.ts";
import {
  type HostEntry,
  type HostOperations,
  THREAD_DIED,
} from "../../../src/kernel-sim/lkl/host/host-operations.ts";
import {
  dies,
  LONG,
  PROGRAM_BYTES,
  panics,
  scenarios,
  spawn,
  waits,
  word,
} from "../../support/host-programs.ts";

const image = new URL("../../support/host-programs.ts", import.meta.url);
const sizes = { threads: 8, keys: 4, timers: 8, heapBytes: 4096 };

describe("the table of host operations, on threads", () => {
  let host: ThreadHost;
  beforeAll(async () => {
    host = await ThreadHost.boot({ image, sizes, programBytes: PROGRAM_BYTES });
  });
  afterAll(async () => {
    await host.close();
    expect(host.workers).toBe(0);
  });

  test.each(Object.entries<HostEntry>(scenarios))("%s", async (_, scenario) => {
    await host.run(scenario(host.host, 0));
  });
});

describe("a host of threads", () => {
  let host: ThreadHost | undefined;
  const lines: string[] = [];
  afterEach(async () => {
    await host?.close();
    expect(host?.workers ?? 0).toBe(0);
    host = undefined;
    lines.length = 0;
  });
  const boot = async (reaped: number[] = []): Promise<ThreadHost> => {
    host = await ThreadHost.boot({
      image,
      sizes,
      programBytes: PROGRAM_BYTES,
      print: (text) => lines.push(text),
      *reap(_, slot) {
        reaped.push(slot);
      },
    });
    return host;
  };

  test("who joins a thread that dies is told, and its slot is used again", async () => {
    const reaped: number[] = [];
    const { host: ops, run } = bound(await boot(reaped));
    await run(keepWaiting(ops));
    const thread = await run(spawn(ops, dies));
    expect(await run(ops.threadJoin(thread, LONG))).toBe(THREAD_DIED);
    expect(reaped).toEqual([thread & 1023]);
    const next = await run(spawn(ops, waits));
    expect(next & 1023).toBe(thread & 1023);
    expect(next).not.toBe(thread);
  });

  test("a thread whose image does not load is no thread", async () => {
    const broken = new URL("../../support/broken-image.ts", import.meta.url);
    host = await ThreadHost.boot({ image: broken, sizes, print: (text) => lines.push(text) });
    expect(await host.run(host.host.threadCreate(waits, 0))).toBe(-ECHILD);
    expect(lines.join()).toContain("this image does not load on threads");
  });

  test("a panic of a thread reaches whoever waits on the owner", async () => {
    const { host: ops, run } = bound(await boot());
    const thread = await run(spawn(ops, panics));
    await expect(run(ops.threadJoin(thread, LONG))).rejects.toMatchObject({ code: "ERR_HOST_PANIC" });
    expect(lines).toContain("on purpose");
  });

  test("closing ends threads that wait", async () => {
    const booted = await boot();
    const { host: ops, run } = bound(booted);
    await run(keepWaiting(ops));
    for (let i = 0; i < 3; i++) await run(spawn(ops, waits));
    expect(booted.workers).toBe(3);
    await booted.close();
    expect(booted.workers).toBe(0);
  });
});

/** Makes the semaphore that `waits` waits for. */
function* keepWaiting(host: HostOperations): Coroutine<void> {
  yield* host.words.memory.store32(word(0), yield* host.semAlloc(0));
}

function bound(host: ThreadHost): { host: ThreadHost["host"]; run: ThreadHost["run"] } {
  return { host: host.host, run: (coroutine) => host.run(coroutine) };
}
