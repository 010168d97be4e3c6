/**
 * Three to five actors on two words under random schedules: each accessor is one atomic step.
 *
 * An access completes in the same resumption in which it happens, so the order of completions is the order of
 * the accesses: replaying them one after another on the naive model is the whole linearizability check.
 */
import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { expect } from "vitest";
import {
  type Addr,
  addr,
  type Coroutine,
  EAGAIN,
  LocalMemory,
  type Memory,
  PageTable,
  SharedMemory,
  SteppedMemory,
  UserAccess,
  UserMemory,
  YIELD_PAUSE,
} from "../../src/atomics/index.ts";
import { interleave } from "../../test/support/interleave.ts";
import { MODEL_PAGE, Model } from "./model.ts";
import { onAccess, onUser, onWords, type WordAccess, wordAccess } from "./operations.ts";

const PAGE = addr(MODEL_PAGE);
const WORDS: readonly Addr[] = [addr(MODEL_PAGE), addr(MODEL_PAGE + 8), addr(2 * MODEL_PAGE - 8)];
const LIMIT = 2 * MODEL_PAGE;

/** Unbiased: small numbers would prefer the first actors. */
const schedule = fc.noBias(fc.array(fc.nat(59), { maxLength: 240, size: "max" }));

/**
 * Which memory is under the steps; a LocalMemory with a small budget adds pauses between announcement and
 * access.
 */
const under = fc.constantFrom("local", "paused", "shared");

interface World {
  readonly memory: Memory;
  readonly pages: PageTable;
  readonly access: UserAccess;
  readonly user: UserMemory;
  readonly afterStep: () => void;
  faults: number;
}

function makeWorld(kind: string, present = true): World {
  const local = new LocalMemory(new ArrayBuffer(LIMIT));
  const memory = new SteppedMemory(
    kind === "shared" ? new SharedMemory(new SharedArrayBuffer(LIMIT)) : local,
  );
  const refill = (): void => {
    local.budget = kind === "paused" ? 1 : Number.POSITIVE_INFINITY;
  };
  refill();
  const pages = new PageTable(new Uint8Array(2));
  pages.protect(PAGE, MODEL_PAGE, present ? "readwrite" : "absent");
  const resolve = function* (a: Addr): Coroutine<boolean> {
    world.faults++;
    yield YIELD_PAUSE;
    // Somebody else may have resolved it, and somebody else again taken it away, since.
    if (pages.resolvable(a, true)) pages.makePresent(a);
    // And it may be taken away before the access gets to it.
    yield YIELD_PAUSE;
    return true;
  };
  const user = new UserMemory(memory, pages, function* trap(a): Coroutine<void> {
    yield* resolve(a);
  });
  const access = new UserAccess(memory, pages, resolve, "resolve-as-write");
  const world: World = { memory, pages, access, user, afterStep: refill, faults: 0 };
  return world;
}

interface Operation {
  readonly kernel: boolean;
  readonly word: WordAccess;
}

interface Event extends Operation {
  readonly expected: bigint;
  readonly answer: bigint;
  /** For a compare-exchange that did not match. */
  readonly observed: bigint;
}

const operation: fc.Arbitrary<Operation> = fc.record({
  kernel: fc.boolean(),
  word: wordAccess(fc.tuple(fc.constantFrom(...WORDS), fc.constantFrom(0, 0, 4)).map(([a, off]) => a + off)),
});
const actors = fc.array(fc.array(operation, { minLength: 1, maxLength: 12 }), { minLength: 3, maxLength: 5 });

/**
 * Does each operation in turn. A "matching" compare-exchange expects what this actor saw last: it is often
 * stale.
 */
function* actor(world: World, operations: readonly Operation[], events: Event[]): Coroutine<number> {
  const seen = new Map<number, bigint>();
  for (const { kernel, word } of operations) {
    const { a, size, matching, other } = word;
    const mask = 2n ** BigInt(8 * size) - 1n;
    const expected = matching ? (seen.get(a) ?? 0n) & mask : other & mask;
    const step = kernel ? onAccess(world.access, word, expected) : onUser(world.user, word, expected);
    const answer = BigInt(yield* step);
    const view = kernel ? world.access : world.user;
    const observed = size === 4 ? BigInt(view.observed32) : view.observed64;
    const read = word.verb === "get" || (word.verb === "xchg" && (size === 8 || !kernel));
    if (read) seen.set(a, answer);
    else if (answer === BigInt(-EAGAIN)) seen.set(a, observed);
    events.push({ kernel, word, expected, answer, observed });
  }
  return operations.length;
}

/** Replays the history on the model: every answer must be the one that a single actor would have got. */
function expectLinear(world: World, events: readonly Event[]): void {
  const model = new Model(["unmapped", "readwrite"], true);
  for (const { kernel, word, expected, answer, observed } of events) {
    const wanted = onWords(model, word, expected, !kernel);
    expect(answer).toBe(wanted);
    if (wanted === BigInt(-EAGAIN)) expect(observed).toBe(model.observed);
  }
  const bytes = new Uint8Array(world.memory.buffer);
  expect([...bytes.subarray(PAGE)]).toEqual(model.image(LIMIT).slice(PAGE));
}

test.prop([actors, schedule, under])(
  "the history of any schedule is that of one actor",
  (programs, picks, kind) => {
    const world = makeWorld(kind);
    const events: Event[] = [];
    const run = interleave(
      programs.map((operations) => actor(world, operations, events)),
      picks,
      world,
    );
    expect(run.results).toEqual(programs.map(({ length }) => length));
    expect(events).toHaveLength(programs.reduce((sum, { length }) => sum + length, 0));
    if (kind !== "paused") expect(run.taken).toHaveLength(events.length);
    expectLinear(world, events);
  },
);

test.prop([actors, schedule, under, fc.nat(6)])(
  "also while the page is taken away again and again",
  (programs, picks, kind, evictions) => {
    const world = makeWorld(kind, false);
    const events: Event[] = [];
    function* evict(): Coroutine<number> {
      for (let i = 0; i < evictions; i++) {
        yield YIELD_PAUSE;
        world.pages.protect(PAGE, MODEL_PAGE, "absent");
      }
      return evictions;
    }
    const run = interleave(
      [...programs.map((operations) => actor(world, operations, events)), evict()],
      picks,
      world,
    );
    expect(run.results).toEqual([...programs.map(({ length }) => length), evictions]);
    // Fewer evictions than an access may fault: none of them is answered with -EFAULT.
    expectLinear(world, events);
    expect(world.faults).toBeGreaterThan(0);
    expect(world.faults).toBeLessThanOrEqual(programs.length * (evictions + 1));
  },
);

const workers = fc.array(
  fc.record({
    kernel: fc.boolean(),
    size: fc.constantFrom<4 | 8>(4, 8),
    times: fc.integer({ min: 1, max: 6 }),
  }),
  { minLength: 3, maxLength: 5 },
);

test.prop([workers, schedule, under])("no increment by compare-exchange is lost", (loops, picks, kind) => {
  const world = makeWorld(kind);
  let lost = 0;
  /** The 32-bit and the 64-bit loops count on the same word: below 2^32 it is the same counter. */
  function* count({ kernel, size, times }: (typeof loops)[number]): Coroutine<number> {
    let expected = 0n;
    for (let done = 0; done < times; ) {
      const word: WordAccess = {
        verb: "cmpxchg",
        size,
        nosleep: kernel,
        a: WORDS[1]!,
        value: expected + 1n,
        matching: false,
        other: 0n,
      };
      const step = kernel ? onAccess(world.access, word, expected) : onUser(world.user, word, expected);
      if ((yield* step) === 0) {
        done++;
        expected++;
        continue;
      }
      // The word handed back is what the retry expects: no load in between.
      lost++;
      const view = kernel ? world.access : world.user;
      expected = size === 4 ? BigInt(view.observed32) : view.observed64;
    }
    return times;
  }
  const run = interleave(loops.map(count), picks, world);
  const total = loops.reduce((sum, { times }) => sum + times, 0);
  expect(new BigUint64Array(world.memory.buffer)[WORDS[1]! >>> 3]).toBe(BigInt(total));
  if (kind !== "paused") expect(run.taken).toHaveLength(total + lost);
});

test.prop([
  fc.array(fc.record({ kernel: fc.boolean(), words: fc.array(fc.nat(1), { minLength: 1, maxLength: 8 }) }), {
    minLength: 3,
    maxLength: 5,
  }),
  schedule,
  under,
])(
  "exchanges form one chain a word: what is written is read exactly once, or left",
  (programs, picks, kind) => {
    const world = makeWorld(kind);
    const written: bigint[][] = [[], []];
    const read: bigint[][] = [[], []];
    function* exchange(index: number): Coroutine<void> {
      const { kernel, words } = programs[index]!;
      for (const [turn, word] of words.entries()) {
        // Unlike in either half, so that a torn word would be noticed.
        const value = (BigInt(index + 1) << 40n) | BigInt(turn + 1);
        const a = WORDS[word]!;
        const found = yield* kernel ? world.access.xchgUser64(a, value) : world.user.xchg64(a, value);
        written[word]!.push(value);
        read[word]!.push(BigInt(found));
      }
    }
    interleave(
      programs.map((_, index) => exchange(index)),
      picks,
      world,
    );
    for (const word of [0, 1]) {
      const last = new BigUint64Array(world.memory.buffer)[WORDS[word]! >>> 3]!;
      // Exchanges complete in the order in which they happen: the chain is the list itself.
      expect(read[word]).toEqual([0n, ...written[word]!].slice(0, -1));
      expect(last).toBe(written[word]!.at(-1) ?? 0n);
      expect(new Set([...read[word]!, last]).size).toBe(written[word]!.length + 1);
    }
  },
);

test.prop([
  fc.array(fc.record({ kernel: fc.boolean(), size: fc.constantFrom<4 | 8>(4, 8) }), {
    minLength: 3,
    maxLength: 6,
  }),
  schedule,
  under,
])("of any number of claims of a free word exactly one succeeds", (claims, picks, kind) => {
  const world = makeWorld(kind);
  function* claim(index: number): Coroutine<bigint> {
    const { kernel, size } = claims[index]!;
    const word: WordAccess = {
      verb: "cmpxchg",
      size,
      nosleep: false,
      a: WORDS[0]!,
      value: BigInt(index + 1),
      matching: false,
      other: 0n,
    };
    return BigInt(yield* kernel ? onAccess(world.access, word, 0n) : onUser(world.user, word, 0n));
  }
  const { results } = interleave(
    claims.map((_, index) => claim(index)),
    picks,
    world,
  );
  const winners = results.flatMap((result, index) => (result === 0n ? [index] : []));
  expect(winners).toHaveLength(1);
  expect(results.filter((result) => result === BigInt(-EAGAIN))).toHaveLength(claims.length - 1);
  expect(new Uint32Array(world.memory.buffer)[WORDS[0]! >>> 2]).toBe(winners[0]! + 1);
});
