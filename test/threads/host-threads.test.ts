/**
 * Host threads, as a user has them: results, errors, parking, switching, blocking, preemption. Every runtime is closed, and no
 * Worker is left behind. No wait has a limit of its own, but the test has: one that hangs is ended and says what its threads did.
 */
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  createThreads,
  formatReport,
  type HostThreads,
  type HostThreadsOptions,
} from "../../src/threads/index.ts";

const url = new URL("../support/threads/jobs.ts", import.meta.url);
/** Much longer than anything here takes: to start a Worker has taken seconds on a machine that had ten times as much to do. */
const HANGS_MS = 100_000;
const TIMEOUT_MS: number = HANGS_MS + 20_000;

let threads: HostThreads;
const lines: string[] = [];
/** For tests that ask for nothing else: to start Workers is what takes time here. */
let common: HostThreads | undefined;
const made: HostThreads[] = [];

async function open(options?: HostThreadsOptions): Promise<void> {
  if (options === undefined && common !== undefined) threads = common;
  else {
    threads = await createThreads({ cpus: 2, threads: 8, print: (text) => lines.push(text), ...options });
    if (options === undefined) common = threads;
    else made.push(threads);
  }
}
async function end(runtime: HostThreads): Promise<void> {
  await runtime.close();
  expect(runtime.workers).toBe(0);
}

/** What the threads of a test did that hung. Its joins reject when the runtime is closed. */
let hung = "";
let hanging: NodeJS.Timeout;
beforeEach(() => {
  hanging = setTimeout(() => {
    hung = `hangs:\n${formatReport(threads.report()).join("\n")}`;
    void threads.close();
  }, HANGS_MS);
});
afterEach(() => {
  clearTimeout(hanging);
  expect(hung).toBe("");
});
afterEach(async () => {
  for (const runtime of made.splice(0)) await end(runtime);
  lines.length = 0;
}, TIMEOUT_MS);
afterAll(async () => {
  if (common !== undefined) await end(common);
}, TIMEOUT_MS);

const job = (name: string, ...args: unknown[]): { url: URL; export: string; args: unknown[] } => ({
  url,
  export: name,
  args,
});
const shared = (): Int32Array<SharedArrayBuffer> => new Int32Array(new SharedArrayBuffer(256));

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    if (hung !== "") throw new Error(hung);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

describe("a thread", { timeout: TIMEOUT_MS }, () => {
  test("runs a function of a module, and its result is cloned", async () => {
    await open();
    expect(await threads.spawn(job("add", 2, 0.5)).join()).toBe(2.5);
    const value = { text: "a", list: [1, new Date(0)], bytes: new Uint8Array([1, 2]) };
    expect(await threads.spawn(job("echo", value)).join()).toEqual(value);
    for (const plain of [undefined, null, true, false, -0, Number.NaN, "text", 2n ** 70n])
      expect(await threads.spawn(job("echo", plain)).join()).toBe(plain);
    const handle = threads.spawn<{ id: number; cpu: number }>(job("identity"));
    expect(await handle.join()).toEqual({ id: handle.id, cpu: expect.any(Number) });
    expect(handle.state).toBe("ended");
  });

  test("that takes no time is over without a turn of the event loop", async () => {
    await open();
    await until(() => threads.spawn(job("add", 1, 2)).state === "ended");
    // One that takes its time is not waited for.
    const handle = threads.spawn(job("parks", shared(), 0));
    expect(handle.state).not.toBe("ended");
    await until(() => handle.state === "waiting");
    await handle.unpark();
    expect(await handle.join()).toBe(true);
  });

  test("that fails says how, and its Worker is the next one's", async () => {
    await open({ threads: 1 });
    const failure = (name: string, ...args: unknown[]): Promise<unknown> =>
      threads
        .spawn(job(name, ...args))
        .join()
        .catch((error: unknown) => error);
    expect(await failure("throws", "on purpose")).toMatchObject({
      code: "ERR_THREAD_THREW",
      cause: expect.objectContaining({ name: "RangeError", message: "on purpose" }),
    });
    expect(await failure("nowhere")).toMatchObject({ code: "ERR_THREAD_LOAD" });
    expect(await failure("isAsync")).toMatchObject({ code: "ERR_THREAD_ASYNC" });
    expect(await failure("returnsFunction")).toMatchObject({ code: "ERR_ARGUMENTS" });
    expect(threads.workers).toBe(1);
    expect(() => threads.spawn({ url: "nowhere.ts", export: "a" })).toThrow(/absolute URL/);
    expect(await threads.spawn(job("add", 1, 2)).join()).toBe(3);
  });

  test("waits for a Worker when all are busy", async () => {
    await open({ threads: 2 });
    const words = shared();
    const parked = [0, 1].map((word) => threads.spawn<boolean>(job("parks", words, word)));
    const queued = threads.spawn(job("add", 1, 1));
    await until(() => parked.every(({ state }) => state === "waiting"));
    expect(queued.state).toBe("queued");
    for (const handle of parked) expect(await handle.unpark()).toBe(true);
    expect(await queued.join()).toBe(2);
    expect(await Promise.all(parked.map((handle) => handle.join()))).toEqual([true, true]);
  });
});

describe("parking and switching", { timeout: TIMEOUT_MS }, () => {
  test("an unpark that comes first is not lost; a park has a timeout", async () => {
    await open();
    const words = shared();
    expect(await threads.spawn(job("parks", words, 0, 5)).join()).toBe(false);
    const sleeper = threads.spawn<boolean>(job("parks", words, 1));
    expect(await threads.spawn(job("unparks", 999)).join()).toBe(false);
    await until(() => sleeper.state === "waiting");
    expect(await threads.spawn(job("unparks", sleeper.id)).join()).toBe(true);
    expect(await sleeper.join()).toBe(true);
    expect(await threads.spawn<number>(job("sleeps", 20)).join()).toBeGreaterThanOrEqual(19);
  });

  test("rings hand two CPUs around, and never more than two own one", async () => {
    await open();
    const words = shared();
    const [rings, members, rounds] = [2, 4, 200];
    const before = threads.spawn(job("add", 1, 1)).id;
    const handles = Array.from({ length: rings * members }, (_, i) => {
      const base = before + 1 + Math.floor(i / members) * members;
      return threads.spawn<number>(job("ringMember", words, base + ((i + 1) % members), 2, rounds));
    });
    await until(() => handles.every(({ state }) => state === "waiting"));
    for (let ring = 0; ring < rings; ring++) await handles[ring * members]!.unpark();
    expect(await Promise.all(handles.map((handle) => handle.join()))).toEqual(
      new Array(rings * members).fill(rounds),
    );
    expect(words[2]).toBe(rings * members * rounds);
    expect(words[0]).toBe(0);
    expect(words[1]).toBeLessThanOrEqual(2);
  });

  test("switching to nobody is an error", async () => {
    await open();
    await expect(threads.spawn(job("switches", 999)).join()).rejects.toMatchObject({
      cause: expect.objectContaining({ code: "ERR_NO_PEER" }),
    });
  });
});

describe("sharing CPUs", { timeout: TIMEOUT_MS }, () => {
  test.each(["fifo", "per-cpu"] as const)("%s: more threads than CPUs, and no more run", async (policy) => {
    await open(policy === "fifo" ? undefined : { policy, threads: 5 });
    const words = shared();
    const handles = Array.from({ length: 5 }, () => threads.spawn<number>(job("yields", words, 100)));
    expect(await Promise.all(handles.map((handle) => handle.join()))).toEqual(new Array(5).fill(100));
    expect(words[0]).toBe(0);
    expect(words[1]).toBeLessThanOrEqual(2);
  });

  test("a thread that blocks leaves its CPU to others", async () => {
    await open({ cpus: 1 });
    const words = shared();
    const blocked = threads.spawn<number>(job("blocksOn", words, 0));
    await until(() => words[0] === 1);
    expect(blocked.state).toBe("blocked");
    await threads.spawn(job("wakes", words, 0)).join();
    expect(await blocked.join()).toBe(2);
    expect(await threads.spawn(job("reads", import.meta.filename)).join()).toBeGreaterThan(100);
    expect(await threads.spawn(job("runsChild")).join()).toBe("42");
  });

  test("a crowd passes the CPUs around, by a policy of one's own", async () => {
    const policy = { url: new URL("../support/threads/lifo.ts", import.meta.url), export: "lifo" };
    await open({ policy, threads: 4, prewarm: 4, quantumMs: 0 });
    const words = shared();
    const handles = Array.from({ length: 4 }, () => threads.spawn<number>(job("yields", words, 300)));
    await Promise.all(handles.map((handle) => handle.join()));
    expect(words[1]).toBeLessThanOrEqual(2);
    const { cpus, recoveries } = threads.report();
    expect(cpus.reduce((sum, { switches }) => sum + switches, 0)).toBeGreaterThan(4);
    expect(cpus.every(({ owner }) => owner === 0)).toBe(true);
    expect(recoveries).toBe(0);
  });

  test("a thread that waits for too long is reported, with what it waits for", async () => {
    await open({ threads: 2, watchdogMs: 20 });
    const parked = threads.spawn({ ...job("parks", shared(), 0), name: "sleepy" });
    await until(() => lines.join().includes("waits for park"));
    expect(lines[0]).toMatch(/have not run for 20 ms/);
    expect(lines.join()).toMatch(new RegExp(`thread ${parked.id} waits for park, for \\d+`));
    expect(formatReport(threads.report()).join()).toContain(`thread ${parked.id} "sleepy" waits for park`);
  });

  test("a thread that computes gives way at its safepoints", async () => {
    await open({ cpus: 1, quantumMs: 2 });
    const words = shared();
    const computing = threads.spawn<number>(job("computes", words, 0));
    await until(() => computing.state === "running");
    await threads.spawn(job("sets", words, 0)).join();
    expect(await computing.join()).toBeGreaterThan(0);
  });
});

describe("calls", { timeout: TIMEOUT_MS }, () => {
  test("run on another thread, and say what they have come to", async () => {
    await open({ prewarm: 2, threads: 2 });
    const code = (name: string): number => threads.define(url, name);
    const called = (name: string, ...values: number[]): Promise<unknown> =>
      threads.spawn(job("calls", code(name), values)).join();
    expect(await called("add", 1.5, 2)).toBe(3.5);
    expect(await threads.spawn(job("callsOften", code("add"), 100)).join()).toBe(5050);
    expect(await called("throws", 1)).toEqual([
      "ERR_THREAD_THREW",
      "the called thread threw: RangeError: 1",
      { name: "RangeError", message: "1" },
    ]);
    expect(await called("throwsCode", 5)).toMatchObject({
      0: "ERR_THREAD_THREW",
      2: { name: "TypeError", code: "E5", message: expect.stringMatching(/^two\nlines, and (more )+/) },
    });
    expect(await called("throwsNumber", 5)).toEqual(["ERR_THREAD_THREW", "the called thread threw: 5", "5"]);
    expect(await called("nowhere")).toMatchObject({ 0: "ERR_THREAD_LOAD", 2: { name: "TypeError" } });
    expect(await called("isAsync")).toEqual(["ERR_THREAD_ASYNC", "the called thread returned a promise"]);
    expect(await called("identity")).toEqual([
      "ERR_ARGUMENTS",
      "the called thread returned object, which is no result of a call",
    ]);
    expect(await called("add", ...new Array(9).fill(0))).toEqual([
      "ERR_ARGUMENTS",
      "a call takes at most 8 numbers",
    ]);
    expect(await called("exits", 3)).toEqual(["ERR_PEER_DIED", "the called thread has died"]);
    expect(await called("add", 1, 1)).toEqual(["ERR_NO_WORKER", "no Worker waits to be called"]);
  });

  test("one whose caller is killed goes on, and its Worker is another's", async () => {
    await open({ prewarm: 2, threads: 2 });
    const words = shared();
    const caller = threads.spawn(job("calls", threads.define(url, "parksOnce"), [1]));
    // Not while it loads its module: it has a CPU, and would keep it to its end for a caller that is no more.
    const called = (): number | undefined =>
      threads.report().threads.find(({ id, state }) => id < 0 && state === "waiting")?.id;
    await until(() => called() !== undefined && caller.state === "waiting");
    const callee = called()!;
    caller.kill();
    await expect(caller.join()).rejects.toMatchObject({ code: "ERR_THREAD_KILLED", lastWait: "call" });
    expect(called()).toBe(callee);
    expect(await threads.unpark(callee)).toBe(true);
    const handles = [0, 1].map((word) => threads.spawn(job("parks", words, word)));
    await until(() => handles.every(({ state }) => state === "waiting"));
  });
});

describe("children", { timeout: TIMEOUT_MS }, () => {
  test("run beside their parent, which joins each once, and may join in vain", async () => {
    await open({ prewarm: 3, threads: 3 });
    const code = (name: string): number => threads.define(url, name);
    expect(await threads.spawn(job("parent", code("parksOnce"), code("add"))).join()).toEqual([
      ["ERR_NO_WORKER", "no Worker waits to be called"],
      [2, 1],
      ["ERR_NO_PEER", "thread -1 is none that thread 1 has to join"],
      ["ERR_NO_PEER", "thread 1 is none that thread 1 has to join"],
    ]);
    expect(await threads.spawn(job("joinsLate", code("parksOnce"), code("spinsAWhile"))).join()).toEqual([
      ["ERR_TIMED_OUT", "thread -3 has not ended within 5 ms"],
      0,
      7,
    ]);
    // One that nobody joins goes on, and its Worker is another's when it has ended, though it threw.
    const child = await threads.spawn<number>(job("leaves", code("parksOnce"), 1)).join();
    await until(() => threads.report().threads.some(({ id, state }) => id === child && state === "waiting"));
    expect(await threads.unpark(child)).toBe(true);
    await threads.spawn(job("leaves", code("throws"), 1)).join();
    await until(() => threads.report().threads.length === 0);
    // All three at once, and what the children have left is in nobody's way.
    const handles = [0, 1, 2].map((word) => threads.spawn(job("parks", shared(), word)));
    await until(() => handles.every(({ state }) => state === "waiting"));
    for (const handle of handles) await handle.unpark();
    expect(await Promise.all(handles.map((handle) => handle.join()))).toEqual([true, true, true]);
    expect(await threads.spawn(job("echo", ["cloned"])).join()).toEqual(["cloned"]);
  });

  test.each([false, true])(
    "that die are no loss of their parent's; before it joins them: %s",
    async (late) => {
      await open({ threads: 2 });
      await threads.prewarm(2);
      await expect(threads.prewarm(1)).rejects.toThrow("room for 0 more Workers, and not for 1");
      const outcome = await threads.spawn(job("outlives", threads.define(url, "exits"), late)).join();
      expect(outcome).toEqual(["ERR_PEER_DIED", expect.stringMatching(/^thread -\d+ has died$/)]);
    },
  );

  test("leave their Workers to jobs that wait for one, though no job runs that the owner waits for", async () => {
    await open({ prewarm: 2, threads: 2 });
    const code = (name: string): number => threads.define(url, name);
    const child = await threads.spawn<number>(job("leaves", code("begets"), code("parksOnce"))).join();
    await until(() => threads.report().threads.filter(({ state }) => state === "waiting").length === 2);
    const late = threads.spawn(job("add", 1, 2));
    await until(() => late.state === "queued");
    expect(await threads.unpark(child)).toBe(true);
    expect(await late.join()).toBe(3);
  });

  test("leave their Workers to jobs that wait for one, though their parent runs on", async () => {
    await open({ prewarm: 2, threads: 2 });
    const words = shared();
    const busy = threads.spawn<number>(job("callsUntil", words, 0, threads.define(url, "spinsAWhile")));
    await until(() => threads.report().threads.some(({ id }) => id < 0));
    await threads.spawn(job("sets", words, 0)).join();
    expect(await busy.join()).toBeGreaterThan(0);
  });
});

describe("mutexes", { timeout: TIMEOUT_MS }, () => {
  test("exclude, whoever waits", async () => {
    await open();
    const words = shared();
    const mutex = threads.mutex();
    const handles = Array.from({ length: 6 }, () => threads.spawn(job("addsUnder", mutex, words, 5, 200)));
    expect(await Promise.all(handles.map((handle) => handle.join()))).toEqual(new Array(6).fill(0));
    expect(words[5]).toBe(1200);
  });

  test.each(["returns", "throws"])("of one that %s with it is the next one's, who is told", async (how) => {
    await open();
    const mutex = threads.mutex();
    await threads
      .spawn(job("keeps", mutex, shared(), 0, how))
      .join()
      .catch(String);
    expect(await threads.spawn(job("locks", mutex)).join()).toBe("owner-died");
    expect(await threads.spawn(job("locks", mutex)).join()).toBe("locked");
  });

  test("misuse is an error", async () => {
    await open({ mutexes: 1 });
    const mutex = threads.mutex();
    expect(() => threads.mutex()).toThrow(/no room/);
    for (const how of ["twice", "not-mine", "none"])
      await expect(threads.spawn(job("misuses", mutex, how)).join()).rejects.toMatchObject({
        cause: expect.objectContaining({ code: "ERR_MUTEX" }),
      });
  });
});

describe("deaths", { timeout: TIMEOUT_MS }, () => {
  test("who joins is told, and the others go on", async () => {
    await open({ cpus: 1, resourceLimits: { maxOldGenerationSizeMb: 24 } });
    const words = shared();
    await expect(threads.spawn(job("exits", 3)).join()).rejects.toMatchObject({
      code: "ERR_THREAD_DIED",
      state: "running",
    });
    await expect(threads.spawn(job("eats")).join()).rejects.toMatchObject({
      code: "ERR_THREAD_DIED",
      cause: expect.objectContaining({ code: "ERR_WORKER_OUT_OF_MEMORY" }),
    });
    const victim = threads.spawn({ ...job("spinsForEver", words, 0), name: "victim" });
    await until(() => words[0] === 1);
    const waiting = threads.spawn(job("add", 1, 1));
    victim.kill("enough");
    await expect(victim.join()).rejects.toMatchObject({
      code: "ERR_THREAD_KILLED",
      cause: "enough",
      message: expect.stringContaining('"victim"'),
    });
    expect(await waiting.join()).toBe(2);
    expect(threads.report()).toMatchObject({ recoveries: 3, ready: 0, threads: [] });
  });

  test("a mutex of the dead is recovered; a switch to the dead ends", async () => {
    await open();
    const words = shared();
    const mutex = threads.mutex();
    const keeper = threads.spawn(job("keeps", mutex, words, 0, "stays"));
    await until(() => words[0] === 1);
    const waiter = threads.spawn(job("locks", mutex));
    await until(() => waiter.state === "waiting");
    expect(threads.report().threads.find(({ id }) => id === waiter.id)?.waitsFor).toBe(
      `mutex ${mutex}, which thread ${keeper.id} has`,
    );
    keeper.kill();
    expect(await waiter.join()).toBe("owner-died");
    const parked = threads.spawn(job("parks", words, 1));
    await until(() => parked.state === "waiting");
    const switching = threads.spawn(job("switches", parked.id));
    // The peer has returned and not died: nobody switches back, and the one that waits is unparked.
    await until(() => switching.state === "waiting");
    await switching.unpark();
    expect(await switching.join()).toBe(true);
  });

  test.each([false, true])(
    "a stack that overflows in a call is its thread's alone; caught: %s",
    async (caught) => {
      await open();
      for (let i = 0; i < 4; i++) {
        const end = await threads
          .spawn(job("overflows", caught))
          .join()
          .catch((error: unknown) => error);
        if (end !== 0)
          expect(end).toMatchObject({
            code: expect.stringMatching(/ERR_THREAD_(THREW|DIED)/),
            cause: expect.objectContaining({ message: expect.stringMatching(/call stack|half way/) }),
          });
        expect(threads.report().lockedBy).toBe(0);
      }
      const words = shared();
      const handles = [0, 1, 2].map(() => threads.spawn<number>(job("yields", words, 20)));
      expect(await Promise.all(handles.map((handle) => handle.join()))).toEqual([20, 20, 20]);
    },
  );

  test("an abort kills, before it begins and after", async () => {
    await open({ threads: 1 });
    const words = shared();
    const controllers = [new AbortController(), new AbortController()];
    const handles = controllers.map(({ signal }) =>
      threads.spawn({ ...job("spinsForEver", words, 0), signal }),
    );
    await until(() => words[0] === 1);
    for (const controller of controllers.toReversed()) controller.abort("stop");
    for (const handle of handles)
      await expect(handle.join()).rejects.toMatchObject({ code: "ERR_THREAD_KILLED", cause: "stop" });
    expect(await threads.spawn(job("add", 1, 1)).join()).toBe(2);
  });

  test("closing ends all of them", async () => {
    await open({ threads: 2 });
    const words = shared();
    const handles = [0, 1, 2].map((word) => threads.spawn(job("spinsForEver", words, word)));
    await until(() => words[0] === 1 && words[1] === 1);
    await threads.close();
    for (const handle of handles) await expect(handle.join()).rejects.toMatchObject({ code: "ERR_CLOSED" });
    expect(() => threads.spawn(job("add", 1, 1))).toThrow(/closed/);
  });
});
