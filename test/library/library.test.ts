/**
 * The kernel as a library: calls from the main thread as promises, from others as functions that block; the end, with callers
 * under way; and a kernel that dies. Every wait of a caller looks again after a second, and vitest ends a test that hangs.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { EAGAIN, EBADF, ENOMEM, EOPNOTSUPP, ETIMEDOUT } from "../../src/atomics/errno.ts";
import { CALL_NAMES } from "../../src/library/calls.ts";
import { type BootOptions, boot, type Library } from "../../src/library/index.ts";
import { callAt, POSTED, stateAt } from "../../src/library/mailbox.ts";
import type { CallerOrder } from "../support/library-caller.ts";

const threads: Worker[] = [];
let last: Library | undefined;

afterEach(async () => {
  await Promise.all(threads.splice(0).map((thread) => thread.terminate()));
});
afterAll(() => last?.terminate());

/** A kernel, which goes when the next one comes: to start one takes most of the time of these tests. */
async function start(options: BootOptions = {}): Promise<Library> {
  await last?.terminate();
  last = await boot(options);
  return last;
}

/** Starts a caller, which has connected when this resolves; what it says at its end. */
async function caller(
  lib: Library,
  what: CallerOrder["what"],
  arg: number,
): Promise<{ said: Promise<unknown> }> {
  const workerData: CallerOrder = { handle: lib.handle, what, arg };
  const thread = new Worker(new URL("../support/library-caller.ts", import.meta.url), { workerData });
  threads.push(thread);
  await once(thread, "message");
  return { said: once(thread, "message").then(([said]) => said) };
}

/** Waits until `count` reads are posted and not answered. */
async function underWay(lib: Library, count: number): Promise<void> {
  const words = new Int32Array(lib.handle.mailboxes);
  const posted = (): number => {
    let found = 0;
    for (let i = 1; i <= lib.handle.callers; i++) {
      const isRead = Atomics.load(words, callAt(i) >> 2) === CALL_NAMES.indexOf("read");
      if (isRead && Atomics.load(words, stateAt(i) >> 2) === POSTED) found++;
    }
    return found;
  };
  while (posted() < count) await new Promise((resolve) => setTimeout(resolve, 5));
}

const codeOf = (error: { readonly code: string }): string => error.code;

function put(lib: Library, a: number, text: string): number {
  lib.bytes(a, text.length).set(Buffer.from(text));
  return text.length;
}

describe("calls", () => {
  let lib: Library;
  beforeAll(async () => {
    lib = await start();
  });

  test("of the main thread are promises, several at once", async () => {
    const { promises } = lib;
    const fd = await promises.pipe();
    const from = await promises.allocate(64);
    const into = await promises.allocate(64);
    const reading = promises.read(fd, into, 64);
    expect(await promises.write(fd + 1, from, put(lib, from, "hello"))).toBe(5);
    expect(await reading).toBe(5);
    expect(Buffer.from(lib.bytes(into, 5)).toString()).toBe("hello");
    expect(await promises.read(999, into, 1)).toBe(-EBADF);
    expect(await promises.close(fd)).toBe(0);
    expect(await promises.allocate(2 ** 30)).toBe(-ENOMEM);
    const before = await promises.now();
    expect(await promises.nanosleep(2e6)).toBe(0);
    expect((await promises.now()) - before).toBeGreaterThanOrEqual(2e6);
    expect(await promises.futexWait(from, Atomics.load(lib.words, from >> 2), 1e6)).toBe(-ETIMEDOUT);
    expect(await promises.futexWait(from, 0)).toBe(-EAGAIN);
  });

  test("of another thread are functions that block it, and its words are the kernel's", async () => {
    const { promises } = lib;
    const fd = await promises.pipe();
    const word = await promises.allocate(64);
    const from = await promises.allocate(64);
    const reader = await caller(lib, "read", fd);
    const waiter = await caller(lib, "wait", word);
    const worker = await caller(lib, "umcg", word);
    await promises.write(fd + 1, from, put(lib, from, "across threads"));
    expect(await reader.said).toBe("across threads");
    expect(await worker.said).toEqual([-EOPNOTSUPP, true]);
    // It may not wait yet: waking nobody is 0.
    while ((await promises.futexWake(word)) === 0) await promises.nanosleep(1e6);
    expect(await waiter.said).toBe(0);
  });

  test("may block the main thread, too, if that is wanted", () => {
    const connection = lib.connect();
    for (let i = 0; i < 200; i++) expect(connection.syscall.schedYield()).toBe(0);
    const first = connection.syscall.gettid();
    expect(first).toBeGreaterThan(0);
    expect(connection.syscall.gettid()).toBe(first);
    connection.disconnect();
    expect(() => connection.syscall.gettid()).toThrow(expect.objectContaining({ code: "ERR_DISCONNECTED" }));
  });
});

describe("the end", () => {
  test("calls under way are told, and so are late ones (R9 to R11)", async () => {
    const lib = await start();
    const fd = await lib.promises.pipe();
    const reader = await caller(lib, "read", fd);
    const into = await lib.promises.allocate(64);
    const reading = lib.promises.read(fd, into, 1).catch((error: { code: string }) => error.code);
    await underWay(lib, 2);
    const report = await lib.halt();
    expect(report).toEqual({ cancelled: 2, tasks: expect.any(Number) });
    expect(await lib.halt()).toBe(report);
    expect(await reader.said).toBe("ERR_HALTED");
    expect(await reading).toBe("ERR_HALTED");
    await expect(lib.promises.gettid()).rejects.toMatchObject({ code: "ERR_HALTED" });
    expect(() => lib.connect().syscall.gettid()).toThrow(expect.objectContaining({ code: "ERR_HALTED" }));
  });

  test("a kernel that dies tells who waits", async () => {
    const lib = await start({ callers: 2 });
    const fd = await lib.promises.pipe();
    const reader = await caller(lib, "read", fd);
    // The other mailbox.
    const connection = lib.connect();
    await expect(lib.promises.gettid()).rejects.toMatchObject({ code: "ERR_NO_SLOT" });
    expect(() => lib.connect()).toThrow(expect.objectContaining({ code: "ERR_NO_SLOT" }));
    connection.disconnect();
    await lib.terminate();
    expect(["ERR_KERNEL_DIED", "ERR_HALTED"]).toContain(await reader.said);
    await expect(lib.halt()).rejects.toMatchObject({ code: "ERR_KERNEL_DIED" });
  });
});

describe("what can be wrong", () => {
  test("a machine that cannot be, a kernel that is late", async () => {
    await expect(boot({ machine: { vcpus: 0 } })).rejects.toMatchObject({
      code: "ERR_BOOT",
      cause: expect.objectContaining({ message: expect.stringContaining("vcpus") }),
    });
    // It is on time if this thread was held up for as long as it took.
    let late: unknown;
    const tried = async (): Promise<unknown> => {
      const lib = await boot({ timeoutMs: 1 }).catch(codeOf);
      return typeof lib === "string" ? lib : lib.terminate();
    };
    do late = await tried();
    while (late === undefined);
    expect(late).toBe("ERR_BOOT");
  });
});
