/** Semaphores and mutexes under every schedule of a few steps: no wake-up is lost, nothing is taken twice. */
import { describe, expect, test } from "vitest";
import { ETIMEDOUT } from "../../../src/atomics/errno.ts";
import { mutexInit, mutexLock, mutexUnlock } from "../../../src/kernel-sim/lkl/host/mutex.ts";
import { semDown, semUp } from "../../../src/kernel-sim/lkl/host/semaphore.ts";
import { FOREVER } from "../../../src/kernel-sim/times.ts";
import { type Body, explore, word } from "./explore.ts";

const SEM = word(0);
const MUTEX = word(4);

describe("a semaphore", () => {
  const up: Body = function* ({ words }) {
    yield* semUp(words, SEM);
  };
  const down = (timeoutNs: number, results: number[]): Body =>
    function* ({ words }) {
      results.push(yield* semDown(words, SEM, timeoutNs));
    };

  test("a post is never lost, whoever comes first, and waits that end for no reason are no posts", () => {
    let results: number[] = [];
    const count = explore(
      () => {
        results = [];
        return [down(FOREVER, results), up];
      },
      ({ words }) => {
        expect(results).toEqual([0]);
        expect([words[16], words[17]]).toEqual([0, 0]);
      },
      { nudges: 1, departures: 5 },
    );
    expect(count).toBeGreaterThan(50);
  });

  test("two posts serve two, three waits take no more than two", () => {
    let results: number[] = [];
    explore(
      () => {
        results = [];
        return [down(1000, results), down(1000, results), up];
      },
      ({ words }) => {
        expect(results.toSorted()).toEqual([-ETIMEDOUT, 0]);
        expect([words[16], words[17]]).toEqual([0, 0]);
      },
      { departures: 3 },
    );
  });

  test("a post that comes with the time-out is taken or left, not lost", () => {
    let results: number[] = [];
    const seen = new Set<string>();
    explore(
      () => {
        results = [];
        return [down(1000, results), up];
      },
      ({ words }) => {
        seen.add(`${results[0]} ${words[16]}`);
        expect(results[0] === 0 ? words[16] : words[16]! - 1).toBe(0);
        expect(words[17]).toBe(0);
      },
      { earlyTimeouts: true },
    );
    expect([...seen].toSorted()).toEqual([`${-ETIMEDOUT} 1`, "0 0"]);
  });
});

describe("a mutex", () => {
  /** Adds 1 to word 8 in two steps. */
  const section = (timeoutNs: number, results: number[]): Body =>
    function* ({ words }) {
      const locked = yield* mutexLock(words, MUTEX, timeoutNs);
      results.push(locked);
      if (locked !== 0) return;
      const before = yield* words.memory.load32(word(8));
      yield* words.memory.store32(word(8), before + 1);
      yield* mutexUnlock(words, MUTEX);
    };

  test.each([
    ["for ever", FOREVER, false],
    ["with time-outs at the worst moment", 1000, true],
  ])("excludes, %s", (_, timeoutNs, earlyTimeouts) => {
    let results: number[] = [];
    const count = explore(
      () => {
        results = [];
        return [section(timeoutNs, results), section(timeoutNs, results), section(timeoutNs, results)];
      },
      ({ words }) => {
        const locked = results.filter((result) => result === 0).length;
        expect(words[24]).toBe(locked);
        expect(results.length).toBe(3);
        if (!earlyTimeouts) expect(locked).toBe(3);
        // Free, and nobody's.
        expect([words[20], words[21]]).toEqual([0, 0]);
      },
      { earlyTimeouts, nudges: 1, departures: 2 },
    );
    expect(count).toBeGreaterThan(100);
  });

  test("a recursive one is locked as often as it is unlocked", () => {
    const twice: Body = function* ({ words }) {
      yield* mutexLock(words, MUTEX, FOREVER);
      yield* mutexLock(words, MUTEX, FOREVER);
      yield* mutexUnlock(words, MUTEX);
      yield* words.memory.store32(word(8), (yield* words.memory.load32(word(8))) + 1);
      yield* mutexUnlock(words, MUTEX);
    };
    // The second one waits until the first has made the mutex.
    const second: Body = function* (host) {
      while ((yield* host.words.memory.load32(word(7))) === 0)
        yield* host.words.waitWord(word(7), 0, FOREVER);
      yield* twice(host);
    };
    const first: Body = function* (host) {
      yield* mutexInit(host.words, MUTEX, true);
      yield* host.words.memory.store32(word(7), 1);
      yield* host.words.wakeWord(word(7), 1);
      yield* twice(host);
    };
    explore(
      () => [first, second],
      ({ words }) => expect(words[24]).toBe(2),
      { departures: 3 },
    );
  });
});
