/**
 * User space's own accesses: no answer to a fault but the handler, which resolves it or ends the program.
 */
import { describe, expect, test } from "vitest";
import {
  type Addr,
  type Coroutine,
  EAGAIN,
  type Step,
  UserMemory,
  YIELD_PAUSE,
} from "../../src/atomics/index.ts";
import { runAlone } from "../support/interleave.ts";
import { WORD32, WORD64 } from "./accessors.ts";
import {
  ABSENT,
  ABSENT_READONLY,
  at,
  badAddresses,
  firstDifference,
  type MakeMemory,
  MEMORIES,
  makeSpace,
  READONLY,
  READWRITE,
  type Space,
} from "./fixture.ts";

interface Trap {
  readonly a: Addr;
  readonly size: number;
  readonly write: boolean;
}

/** What SIGSEGV does to a program here: it never sees the step complete. */
class Segfault extends Error {}

interface UserSpace extends Space {
  readonly user: UserMemory;
  readonly traps: Trap[];
}

function makeUser(make: MakeMemory): UserSpace {
  const space = makeSpace(make);
  const traps: Trap[] = [];
  const user = new UserMemory(space.memory, space.pages, function* trap(a, size, write): Coroutine<void> {
    traps.push({ a, size, write });
    yield YIELD_PAUSE;
    if (a % size !== 0 || !space.pages.resolvable(a, write)) throw new Segfault();
    space.pages.makePresent(a);
  });
  return { ...space, user, traps };
}

interface Operation {
  readonly name: string;
  readonly size: 4 | 8;
  readonly write: boolean;
  readonly call: (user: UserMemory, a: Addr) => Step<bigint | number>;
  readonly answer: bigint | number;
  readonly leaves: bigint | number;
}

const OPERATIONS: readonly Operation[] = [
  { name: "load32", size: 4, write: false, call: (u, a) => u.load32(a), answer: WORD32, leaves: WORD32 },
  { name: "store32", size: 4, write: true, call: (u, a) => u.store32(a, 6), answer: 0, leaves: 6 },
  {
    name: "cmpxchg32",
    size: 4,
    write: true,
    call: (u, a) => u.cmpxchg32(a, WORD32, 6),
    answer: 0,
    leaves: 6,
  },
  { name: "xchg32", size: 4, write: true, call: (u, a) => u.xchg32(a, 6), answer: WORD32, leaves: 6 },
  { name: "load64", size: 8, write: false, call: (u, a) => u.load64(a), answer: WORD64, leaves: WORD64 },
  { name: "store64", size: 8, write: true, call: (u, a) => u.store64(a, 6n), answer: 0, leaves: 6n },
  {
    name: "cmpxchg64",
    size: 8,
    write: true,
    call: (u, a) => u.cmpxchg64(a, WORD64, 6n),
    answer: 0,
    leaves: 6n,
  },
  { name: "xchg64", size: 8, write: true, call: (u, a) => u.xchg64(a, 6n), answer: WORD64, leaves: 6n },
];

function seed(space: Space, a: Addr, size: 4 | 8): void {
  if (size === 4) space.words[a >>> 2] = WORD32;
  else space.longs[a >>> 3] = WORD64;
}

function wordAt(space: Space, a: Addr, size: 4 | 8): bigint | number {
  return size === 4 ? space.words[a >>> 2]! : space.longs[a >>> 3]!;
}

describe.each(MEMORIES)("UserMemory on %s", (_name, make) => {
  test.each(OPERATIONS)("$name on a present page does not trap", ({ size, call, answer, leaves }) => {
    const space = makeUser(make);
    const a = at(READWRITE, 8);
    seed(space, a, size);
    expect(runAlone(call(space.user, a))).toBe(answer);
    expect(wordAt(space, a, size)).toBe(leaves);
    expect(space.traps).toEqual([]);
  });

  test.each(OPERATIONS)("$name on an absent page traps once and is retried", ({ size, write, ...row }) => {
    const space = makeUser(make);
    const a = at(ABSENT, 4096 - 8);
    seed(space, a, size);
    expect(runAlone(row.call(space.user, a))).toBe(row.answer);
    expect(wordAt(space, a, size)).toBe(row.leaves);
    expect(space.traps).toEqual([{ a, size, write }]);
    seed(space, a, size);
    expect(runAlone(row.call(space.user, a))).toBe(row.answer);
    expect(space.traps).toHaveLength(1);
  });

  test.each(OPERATIONS)("$name on an absent read-only page", ({ size, write, call, answer }) => {
    const space = makeUser(make);
    const a = at(ABSENT_READONLY, 8);
    seed(space, a, size);
    const before = space.bytes.slice();
    if (write) expect(() => runAlone(call(space.user, a))).toThrow(Segfault);
    else expect(runAlone(call(space.user, a))).toBe(answer);
    expect(space.traps).toEqual([{ a, size, write }]);
    expect(firstDifference(space.bytes, before)).toBe(-1);
  });

  test.each(OPERATIONS)("$name at a bad address ends the program and writes nothing", (operation) => {
    const space = makeUser(make);
    const before = space.bytes.slice();
    for (const [, a] of badAddresses(operation.size)) {
      space.traps.length = 0;
      expect(() => runAlone(operation.call(space.user, a))).toThrow(Segfault);
      expect(space.traps).toEqual([{ a, size: operation.size, write: operation.write }]);
    }
    if (operation.write) {
      expect(() => runAlone(operation.call(space.user, at(READONLY)))).toThrow(Segfault);
    }
    expect(firstDifference(space.bytes, before)).toBe(-1);
  });

  test("a page that is taken away again traps again", () => {
    const space = makeSpace(make);
    let traps = 0;
    const user = new UserMemory(space.memory, space.pages, function* trap(a): Coroutine<void> {
      if (++traps === 5) space.pages.makePresent(a);
      yield YIELD_PAUSE;
    });
    space.longs[at(ABSENT) >>> 3] = WORD64;
    expect(runAlone(user.xchg64(at(ABSENT), 1n))).toBe(WORD64);
    expect(traps).toBe(5);
  });

  test("a losing compare-exchange shows the word it found", () => {
    const { user, words, longs } = makeUser(make);
    const a = at(READWRITE, 32);
    longs[a >>> 3] = WORD64;
    expect(runAlone(user.cmpxchg64(a, 0n, 1n))).toBe(-EAGAIN);
    expect(user.observed64).toBe(WORD64);
    words[a >>> 2] = 0xffffffff;
    expect(runAlone(user.cmpxchg32(a, 0, 1))).toBe(-EAGAIN);
    expect(user.observed32).toBe(0xffffffff);
    expect(runAlone(user.fence())).toBe(0);
  });
});
