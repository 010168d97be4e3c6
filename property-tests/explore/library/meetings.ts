/** Where workers of src/worker/sync meet: read-write lock, barrier, once, wait group, select. With workers that are threads, as in sync.ts. */

import type { ExploreOptions } from "../../../src/explore/index.ts";
import { bareObject as fresh, bareWorker as worker } from "../../../src/explore/library/bare-worker.ts";
import { Barrier } from "../../../src/worker/sync/barrier.ts";
import { Channel } from "../../../src/worker/sync/channel.ts";
import { Once } from "../../../src/worker/sync/once.ts";
import { RwLock } from "../../../src/worker/sync/rwlock.ts";
import { receiveFrom, selectUntil, sendTo } from "../../../src/worker/sync/select.ts";
import { WaitGroup } from "../../../src/worker/sync/wait-group.ts";
import { must, type Subject, bare as subject } from "./subject.ts";

/** Bytes for an object and the nodes of those who wait for it. */
const BYTES = 512;
/** Far away: it passes when the explorer says so. */
const DEADLINE_NS = 1_000_000;
const NEVER = Number.POSITIVE_INFINITY;
/** Of what takes many seconds to be seen whole: all schedules with one preemption at most, in a campaign with two. */
const FEW: ExploreOptions = {
  strategy: "preemptions",
  maxBound: process.env["FC_RUNS"] === undefined ? 1 : 2,
};

/** Each "w" writes two words that each "r" must find equal; "W" and "R" do so if they get in before a deadline. */
function rwlock(name: string, who: string, options: ExploreOptions = {}): Subject {
  return subject(
    `rwlock: ${name}`,
    (bare) => {
      const lock = fresh(bare, BYTES, (allocator) => new RwLock(allocator));
      const [first, second] = [bare.word(0, "first"), bare.word(0, "second")];
      const wrote = bare.word(0, "wrote");
      for (const letter of who) {
        const deadline = letter === letter.toUpperCase() ? DEADLINE_NS : NEVER;
        worker(bare, function* (w) {
          if (letter.toLowerCase() === "r") {
            if (!(yield* lock().readLockUntil(w, deadline))) return;
            const found = yield* bare.load32(first);
            must(found === (yield* bare.load32(second)), "a reader sees half of what a writer does");
            return yield* lock().readUnlock(w);
          }
          if (!(yield* lock().writeLockUntil(w, deadline))) return;
          const found = yield* bare.load32(first);
          yield* bare.store32(first, found + 1);
          yield* bare.store32(second, found + 1);
          yield* bare.add32(wrote, 1);
          yield* lock().writeUnlock(w);
        });
      }
      bare.atEnd(() => must(bare.peek32(first) === bare.peek32(wrote), "two wrote at once"));
    },
    options,
  );
}

/** All come `rounds` times; nobody is in the next round before all have come to this one. */
function barrier(
  name: string,
  deadlines: readonly number[],
  rounds: number,
  options: ExploreOptions = {},
): Subject {
  return subject(
    `barrier: ${name}`,
    (bare) => {
      const parties = deadlines.length;
      const object = fresh(bare, BYTES, (allocator) => new Barrier(allocator, parties));
      const came = bare.word(0, "came");
      const last = bare.word(0, "last");
      for (const deadline of deadlines)
        worker(bare, function* (w) {
          for (let round = 1; round <= rounds; round++) {
            yield* bare.add32(came, 1);
            let passage = yield* object().waitUntil(w, deadline);
            // Who has taken it back comes again.
            if (passage === "timeout") passage = (yield* object().wait(w)) ? "last" : "passed";
            must((yield* bare.load32(came)) >= round * parties, "somebody passes before all have come");
            if (passage === "last") yield* bare.add32(last, 1);
          }
        });
      bare.atEnd(() =>
        must(bare.peek32(last) === rounds, `${bare.peek32(last)} were the last of ${rounds} rounds`),
      );
    },
    options,
  );
}

/** `failures` runs throw; the next gives the result, to all. One may wait no longer than until a deadline. */
function once(
  name: string,
  deadlines: readonly number[],
  failures: number,
  options: ExploreOptions = {},
): Subject {
  return subject(
    `once: ${name}`,
    (bare) => {
      const object = fresh(bare, BYTES, (allocator) => new Once<number>(allocator));
      const [runs, inside] = [bare.word(0, "runs"), bare.word(0, "inside")];
      for (const deadline of deadlines)
        worker(bare, function* (w) {
          const body = function* () {
            must((yield* bare.xchg32(inside, 1)) === 0, "two run it");
            const run = yield* bare.add32(runs, 1);
            yield* bare.store32(inside, 0);
            if (run < failures) throw new RangeError("not yet");
            return 100 + run;
          };
          try {
            const found = yield* object().runUntil(w, body, deadline);
            if (found !== undefined) must(found.result === 100 + failures, `the result is ${found.result}`);
            else must(deadline !== NEVER, "it has no result, and no deadline");
          } catch (error) {
            if (!(error instanceof RangeError)) throw error;
          }
        });
      bare.atEnd(() => must(bare.peek32(runs) <= failures + 1, `run ${bare.peek32(runs)} times`));
    },
    options,
  );
}

/** Workers that finish one thing each, and waiters that must find all finished. */
function waitGroup(
  name: string,
  things: number,
  deadlines: readonly number[],
  options: ExploreOptions = {},
): Subject {
  return subject(
    `wait group: ${name}`,
    (bare) => {
      const object = fresh(bare, BYTES, (allocator) => new WaitGroup(allocator));
      const finished = bare.word(0, "finished");
      // The first begins all of it; nobody waits before.
      const begun = bare.word(0, "begun");
      for (let i = 0; i < things; i++)
        worker(bare, function* (w) {
          if (i === 0) {
            yield* object().add(w, things);
            yield* bare.store32(begun, 1);
          } else yield* bare.until(begun, (word) => word === 1);
          yield* bare.add32(finished, 1);
          yield* object().done(w);
        });
      for (const deadline of deadlines)
        worker(bare, function* (w) {
          yield* bare.until(begun, (word) => word === 1);
          const zero = yield* object().waitUntil(w, deadline);
          must(zero || deadline !== NEVER, "a wait without deadline gives up");
          if (zero) must((yield* bare.load32(finished)) === things, "it goes on before all is finished");
        });
    },
    options,
  );
}

/** Each worker makes one choice: "+1" sends on channel 1, "-0" receives on channel 0; in capitals ("!") until a deadline. */
function choices(
  name: string,
  channels: number,
  workers: readonly string[],
  options: ExploreOptions = {},
): Subject {
  return subject(
    `select: ${name}`,
    (bare) => {
      const object = fresh(bare, 2 * BYTES, (allocator) =>
        Array.from({ length: channels }, () => new Channel<number>(allocator, 0)),
      );
      let [sent, received]: [number[], number[]] = [[], []];
      bare.onReset(() => {
        sent = [];
        received = [];
      });
      for (const [i, text] of workers.entries())
        worker(bare, function* (w) {
          const cases = text.match(/[+-]\d/g)!.map((one) => {
            const channel = object()[Number(one[1])];
            return one[0] === "+" ? sendTo(channel, i) : receiveFrom(channel);
          });
          const chosen = yield* selectUntil(w, cases, text.endsWith("!") ? DEADLINE_NS : NEVER);
          if (chosen.status === "sent") sent.push(i);
          if (chosen.status === "value") received.push(chosen.value as number);
          must(chosen.index >= 0 || text.endsWith("!"), "nothing is chosen");
        });
      bare.atEnd(() => {
        const same = sent.sort().join() === received.sort().join();
        must(same, `sent were ${sent}, received ${received}`);
      });
    },
    options,
  );
}

export const MEETINGS: readonly Subject[] = [
  rwlock("a writer and a reader", "wr"),
  rwlock("two writers", "ww"),
  rwlock("a writer for a while and a reader", "Wr"),
  rwlock("a reader for a while and a writer", "Rw"),
  rwlock("a writer and two readers", "wrr", FEW),
  rwlock("two writers and a reader", "wwr", FEW),
  rwlock("a writer gives up between two readers", "rWr", FEW),
  barrier("two, in two rounds", [NEVER, NEVER], 2),
  barrier("two", [NEVER, NEVER], 1),
  barrier("two, one for a while", [NEVER, DEADLINE_NS], 1),
  barrier("three", [NEVER, NEVER, NEVER], 1, FEW),
  once("two", [NEVER, NEVER], 0),
  once("two, and the first fails", [NEVER, NEVER], 1),
  once("two, one for a while", [NEVER, DEADLINE_NS], 0),
  once("three, and the first fails", [NEVER, NEVER, NEVER], 1, FEW),
  waitGroup("one thing and a waiter", 1, [NEVER]),
  waitGroup("two things and a waiter", 2, [NEVER]),
  waitGroup("one thing and a waiter for a while", 1, [DEADLINE_NS]),
  waitGroup("one thing and two waiters, one for a while", 1, [NEVER, DEADLINE_NS], FEW),
  choices("a sender, and two channels to receive from", 2, ["+0", "-0-1"]),
  choices("two that send or receive on one channel", 1, ["+0-0", "+0-0"]),
  choices("two in opposite order of two channels", 2, ["+0-1", "+1-0"]),
  choices("one for a while", 2, ["+0-1!", "-0!"]),
  choices("three, all for a while", 2, ["+0!", "-1-0!", "+1!"]),
];
