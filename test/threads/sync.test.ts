/**
 * Semaphores, channels and cancellation of host threads. Deaths at every store of their calls are in torn.test.ts; here is what a user
 * sees. One runtime for all, because starting Workers is what takes time.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createThreads, formatReport, type HostThreads, type ThreadHandle } from "../../src/threads/index.ts";

const url = new URL("../support/threads/sync-jobs.ts", import.meta.url);
const TIMEOUT_MS = 30_000;

let threads: HostThreads;
beforeAll(async () => {
  threads = await createThreads({
    cpus: 2,
    threads: 4,
    channelBytes: 16_384,
    semaphores: 8,
    print: () => undefined,
  });
}, TIMEOUT_MS);
afterAll(async () => {
  await threads.close();
  expect(threads.workers).toBe(0);
}, TIMEOUT_MS);

function spawn<T>(name: string, ...args: unknown[]): ThreadHandle<T> {
  return threads.spawn<T>({ url, export: name, args });
}
const shared = (): Int32Array<SharedArrayBuffer> => new Int32Array(new SharedArrayBuffer(64));

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

describe("channels", { timeout: TIMEOUT_MS }, () => {
  test("give each value to one receiver, in the order of its sender, and no more than there is room for", async () => {
    const channel = threads.channel({ capacity: 2 });
    const sinks = [spawn<number[]>("sink", channel), spawn<number[]>("sink", channel)];
    await Promise.all([spawn("source", channel, 0, 100).join(), spawn("source", channel, 1000, 100).join()]);
    await threads.closeChannel(channel);
    const got = await Promise.all(sinks.map((sink) => sink.join()));
    const all = got.flat().toSorted((a, b) => a - b);
    expect(all).toEqual(Array.from({ length: 200 }, (_, i) => (i < 100 ? i : 900 + i)));
    for (const list of got)
      for (const half of [list.filter((n) => n < 500), list.filter((n) => n > 500)])
        expect(half).toEqual(half.toSorted((a, b) => a - b));
  });

  test("carry what can be serialized, to the owner and from it, which waits without blocking", async () => {
    const [there, back] = [threads.channel({ capacity: 1 }), threads.channel({ capacity: 1 })];
    const echo = spawn<number>("echoes", back, there);
    const values = [1.5, -0, Number.NaN, undefined, null, true, false, "text", { a: [1n, new Date(0)] }];
    const received: unknown[] = [];
    const receiving = (async () => {
      for (
        let next = await threads.receive(back);
        next.status === "value";
        next = await threads.receive(back)
      )
        received.push(next.value);
    })();
    for (const value of values) expect(await threads.send(there, value)).toBe(true);
    await threads.closeChannel(there);
    expect(await echo.join()).toBe(values.length);
    await threads.closeChannel(back);
    await receiving;
    expect(received).toEqual(values);
  });

  test("time out, and say who waits for what", async () => {
    const channel = threads.channel({ capacity: 1 });
    expect(await spawn("receives", channel, 5).join()).toEqual({ status: "timeout" });
    expect(await threads.receive(channel, 0)).toEqual({ status: "timeout" });
    expect(await spawn("sends", channel, "first", 0).join()).toBe(true);
    expect(await spawn("sends", channel, "second", 5).join()).toBe(false);
    expect(await threads.send(channel, "third", 5)).toBe(false);
    const waiting = spawn("sends", channel, "fourth", 60_000);
    await until(() => waiting.state === "waiting");
    expect(formatReport(threads.report()).join()).toContain(
      `thread ${waiting.id} waits for channel ${channel} (send)`,
    );
    expect(await threads.receive(channel)).toEqual({ status: "value", value: "first" });
    expect(await waiting.join()).toBe(true);
    const sent = threads.send(channel, "fifth");
    await threads.closeChannel(channel);
    await expect(sent).rejects.toMatchObject({ code: "ERR_CHANNEL_CLOSED" });
    expect(await spawn("receives", channel, 0).join()).toEqual({ status: "value", value: "fourth" });
    expect(await spawn("receives", channel, 0).join()).toEqual({ status: "closed" });
  });

  test("misuse, of times, too, is an error; there is no room for any number of them", async () => {
    const channel = threads.channel({ capacity: 1, valueBytes: 64 });
    expect(await spawn("misuses", channel, threads.semaphore(1)).join()).toEqual([
      "ERR_CHANNEL",
      "ERR_CHANNEL",
      "ERR_SEMAPHORE",
      "ERR_SEMAPHORE",
      "ERR_ARGUMENTS",
      "ERR_ARGUMENTS",
      undefined,
      "ERR_CHANNEL_CLOSED",
      "ERR_CHANNEL_CLOSED",
      "ERR_TIME",
      "ERR_TIME",
      false,
    ]);
    for (const options of [{ capacity: 0 }, { capacity: 1.5 }, { valueBytes: -1 }, { valueBytes: 1 << 20 }])
      expect(() => threads.channel(options)).toThrow(expect.objectContaining({ code: "ERR_OPTION" }));
    expect(() => threads.semaphore(0)).toThrow(/^permits must be a whole number from 1/);
  });
});

describe("semaphores", { timeout: TIMEOUT_MS }, () => {
  test("let no more in than they have permits", async () => {
    const semaphore = threads.semaphore(2);
    const words = shared();
    const visitors = Array.from({ length: 4 }, () => spawn<number>("visits", semaphore, words, 50));
    const most = Math.max(...(await Promise.all(visitors.map((one) => one.join()))));
    expect(most).toBeLessThanOrEqual(2);
    expect(await spawn("takesPermit", semaphore, 0).join()).toBe("acquired");
  });

  test.each([false, true])(
    "have the permit again of one that ends with it; is killed: %s",
    async (killed) => {
      const semaphore = threads.semaphore(1);
      const words = shared();
      const keeper = spawn("keepsPermit", semaphore, words, killed);
      await until(() => words[1] === 1);
      if (killed) {
        expect(await spawn("takesPermit", semaphore, 1).join()).toBe("timed-out");
        const waiting = spawn("takesPermit", semaphore);
        await until(() => waiting.state === "waiting");
        keeper.kill();
        expect(await waiting.join()).toBe("owner-died");
      } else {
        await keeper.join();
        expect(await spawn("takesPermit", semaphore).join()).toBe("owner-died");
      }
      expect(await spawn("takesPermit", semaphore).join()).toBe("acquired");
    },
  );
});

describe("a thread that is cancelled", { timeout: TIMEOUT_MS }, () => {
  const told = [false, "ERR_CANCELLED", true, false, false];

  test("is told where it waits, once", async () => {
    const channels = [threads.channel({ capacity: 1 }), threads.channel()];
    await threads.send(channels[0]!, "full");
    const [mutex, semaphore, words] = [threads.mutex(), threads.semaphore(1), shared()];
    const occupant = spawn("occupies", mutex, semaphore, words);
    await until(() => words[2] === 1);
    for (const [how, number] of [
      ["park", 0],
      ["sleep", 0],
      ["send", channels[0]],
      ["receive", channels[1]],
      ["acquire", semaphore],
      ["lock", mutex],
    ] as const) {
      const thread = spawn("isCancelledIn", how, number, false);
      await until(() => thread.state === "waiting");
      expect(await thread.cancel(), how).toBe(true);
      expect(await thread.join(), how).toEqual(told);
    }
    Atomics.store(words, 3, 1);
    await occupant.join();
    // The mutex and the permit are not its.
    expect(await spawn("takesPermit", semaphore).join()).toBe("owner-died");
  });

  test.each(["safepoint", "yield"])("is told at its next %s", async (how) => {
    const thread = spawn("isCancelledIn", how, 0, false);
    await until(() => thread.state === "running");
    expect(await thread.cancel()).toBe(true);
    const [, ...rest] = told;
    expect(await thread.join()).toEqual([expect.any(Boolean), ...rest]);
    expect(await thread.cancel()).toBe(false);
  });

  test("before it waits is told when it does; one that ends by it, or has not begun, says so", async () => {
    const parked = Array.from({ length: 4 }, () => spawn("isCancelledIn", "park", 0, true));
    const queued = spawn("isCancelledIn", "park", 0, true);
    await until(() => parked.every(({ state }) => state === "waiting"));
    expect(await queued.cancel()).toBe(true);
    await expect(queued.join()).rejects.toMatchObject({ code: "ERR_THREAD_CANCELLED", state: "queued" });
    for (const thread of parked) expect(await thread.cancel()).toBe(true);
    for (const thread of parked)
      await expect(thread.join()).rejects.toMatchObject({
        code: "ERR_THREAD_CANCELLED",
        cause: expect.objectContaining({ code: "ERR_CANCELLED" }),
      });
  });
});

test("the end of a runtime ends the waits of its owner", async () => {
  const own = await createThreads({ cpus: 1, threads: 1 });
  const receiving = own.receive(own.channel());
  receiving.catch(() => undefined);
  await own.close();
  await expect(receiving).rejects.toMatchObject({ code: "ERR_CLOSED" });
});

describe("threads that look for long before they sleep", () => {
  test(
    "leave the owner's event loop the time for what they wait for",
    async () => {
      const patient = await createThreads({
        cpus: 2,
        threads: 1,
        prewarm: 1,
        spinUs: 10_000,
        print: () => undefined,
      });
      const channel = patient.channel();
      const told = new Promise<boolean>((resolve) => {
        setImmediate(() => void patient.send(channel, 7).then(resolve));
      });
      const received = patient.spawn({ url, export: "receives", args: [channel, TIMEOUT_MS] }).join();
      expect(await told).toBe(true);
      expect(JSON.stringify(await received)).toContain("7");
      await patient.close();
    },
    TIMEOUT_MS,
  );

  test.each([10_001, 1e300, Number.NaN, -1])("but not for %d us", async (spinUs) => {
    await expect(createThreads({ spinUs })).rejects.toMatchObject({
      code: "ERR_OPTION",
      message: expect.stringContaining(`got ${spinUs}`),
    });
  });
});
