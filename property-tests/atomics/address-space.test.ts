/**
 * Random sequences of accesses on a small address space with random protections: the three memories and the
 * naive model agree in every result, every word handed back, every fault raised, every right left and every
 * byte.
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
  type NosleepMode,
  PageTable,
  type Protection,
  READ,
  UserAccess,
  UserMemory,
  WRITE,
} from "../../src/atomics/index.ts";
import { type Fault, faultHandler, type MakeMemory, MEMORIES } from "../../test/atomics/fixture.ts";
import { runAlone } from "../../test/support/interleave.ts";
import { FAULT, MODEL_PAGE, Model } from "./model.ts";
import {
  anyAddress,
  expectedWord,
  insideAddress,
  LIMIT,
  modelAccess,
  onAccess,
  onUser,
  onWords,
  PAGES,
  type WordAccess,
  word64,
  wordAccess,
} from "./operations.ts";

type Operation =
  | { readonly on: "access" | "user"; readonly word: WordAccess }
  | { readonly on: "copyFrom"; readonly a: number; readonly length: number }
  | { readonly on: "copyTo"; readonly a: number; readonly length: number }
  | { readonly on: "protect"; readonly page: number; readonly protection: Protection };

const protection = fc.constantFrom<Protection>(
  "readwrite",
  "absent",
  "readonly",
  "absent-readonly",
  "unmapped",
);

const copyLength = fc.oneof(fc.nat(20), fc.constantFrom(MODEL_PAGE - 1, MODEL_PAGE, 2 * MODEL_PAGE + 1));

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ on: fc.constant("access"), word: wordAccess(anyAddress) }) },
  { weight: 4, arbitrary: fc.record({ on: fc.constant("user"), word: wordAccess(anyAddress) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      on: fc.constantFrom("copyFrom", "copyTo"),
      a: anyAddress,
      length: copyLength,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      on: fc.constant("protect"),
      page: fc.integer({ min: 1, max: PAGES - 1 }),
      protection,
    }),
  },
);

interface Program {
  readonly protections: readonly Protection[];
  readonly nosleep: NosleepMode;
  readonly resolves: boolean;
  readonly operations: readonly Operation[];
}

const program: fc.Arbitrary<Program> = fc.record({
  // Page 0 is never mapped: NULL faults.
  protections: fc
    .array(protection, { minLength: PAGES - 1, maxLength: PAGES - 1 })
    .map((pages): Protection[] => ["unmapped", ...pages]),
  nosleep: fc.constantFrom<NosleepMode>("refuse", "resolve-as-write"),
  resolves: fc.oneof(
    { weight: 4, arbitrary: fc.constant(true) },
    { weight: 1, arbitrary: fc.constant(false) },
  ),
  operations: fc.array(operation, { maxLength: 60, size: "max" }),
});

const SEGFAULT = "segfault";

/** Everything that can be seen of a run. */
interface Seen {
  readonly results: unknown[];
  readonly faults: readonly { a: number; write: boolean }[];
  readonly rights: [boolean, boolean][];
  readonly image: number[];
}

/** The bytes that the copy number `index` writes. */
const payload = (index: number, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * 7 + index + 1) & 0xff);

/** What each compare-exchange expects, and all that must be seen. */
function runModel({ protections, nosleep, resolves, operations }: Program): Seen & { expected: bigint[] } {
  const model = new Model(protections, resolves);
  const results: unknown[] = [];
  const expected: bigint[] = [];
  operations.forEach((op, index) => {
    expected.push(0n);
    if (op.on === "protect") {
      model.protect(op.page, op.protection);
    } else if (op.on === "copyFrom") {
      const reached = model.reachRange(op.a, op.length, false);
      const bytes = Array.from({ length: op.length }, (_, i) => Number(model.word(op.a + i, 1)));
      results.push(reached ? bytes : FAULT);
    } else if (op.on === "copyTo") {
      const reached = model.reachRange(op.a, op.length, true);
      if (reached)
        for (const [i, byte] of payload(index, op.length).entries()) model.put(op.a + i, 1, BigInt(byte));
      results.push(reached ? 0n : FAULT);
    } else {
      const { word } = op;
      const old = expectedWord(model, word);
      expected[index] = old;
      const write = word.verb !== "get";
      let answer: bigint | string;
      if (op.on === "access") answer = modelAccess(model, word, old, nosleep);
      else if (model.reachWord(word.a, word.size, write, write ? "write" : "read"))
        answer = onWords(model, word, old, true);
      else answer = SEGFAULT;
      results.push(answer === BigInt(-EAGAIN) ? [answer, model.observed] : answer);
    }
  });
  return { results, expected, faults: model.faults, rights: model.rights(), image: model.image(LIMIT) };
}

class Segfault extends Error {}

function runReal(make: MakeMemory, given: Program, expected: readonly bigint[]): Seen {
  const memory = make(LIMIT);
  const pages = new PageTable(new Uint8Array(PAGES));
  for (const [page, kind] of given.protections.entries())
    pages.protect(addr(page * MODEL_PAGE), MODEL_PAGE, kind);
  const faults: Fault[] = [];
  const handler = faultHandler(pages, faults, given.resolves ? "resolve" : "deny");
  const access = new UserAccess(memory, pages, handler, given.nosleep);
  const user = new UserMemory(memory, pages, function* trap(a, size, write): Coroutine<void> {
    const resolvable = a % size === 0 && pages.resolvable(a, write);
    if (!resolvable || !(yield* handler(a, write))) throw new Segfault();
  });

  const results: unknown[] = [];
  given.operations.forEach((op, index) => {
    if (op.on === "protect") {
      pages.protect(addr(op.page * MODEL_PAGE), MODEL_PAGE, op.protection);
    } else if (op.on === "copyFrom") {
      const into = new Uint8Array(op.length);
      const status = runAlone(access.copyFromUser(op.a as Addr, into));
      results.push(status === 0 ? [...into] : BigInt(status));
    } else if (op.on === "copyTo") {
      results.push(BigInt(runAlone(access.copyToUser(op.a as Addr, payload(index, op.length)))));
    } else {
      const { word } = op;
      let answer: bigint | string;
      try {
        const old = expected[index]!;
        const step = op.on === "access" ? onAccess(access, word, old) : onUser(user, word, old);
        answer = BigInt(runAlone(step));
      } catch (error) {
        if (!(error instanceof Segfault)) throw error;
        answer = SEGFAULT;
      }
      const view = op.on === "access" ? access : user;
      const observed = word.size === 4 ? BigInt(view.observed32) : view.observed64;
      results.push(answer === BigInt(-EAGAIN) ? [answer, observed] : answer);
    }
  });
  const rights = given.protections.map((_, page): [boolean, boolean] => {
    const a = addr(page * MODEL_PAGE + 8);
    return [pages.permits(a, 8, READ), pages.permits(a, 8, WRITE)];
  });
  return { results, faults, rights, image: [...new Uint8Array(memory.buffer)] };
}

test.prop([program])("the three memories and the model agree", (given) => {
  const { expected, ...wanted } = runModel(given);
  for (const [name, make] of MEMORIES) {
    const { image, ...seen } = runReal(make, given, expected);
    expect([name, seen]).toEqual([
      name,
      { results: wanted.results, faults: wanted.faults, rights: wanted.rights },
    ]);
    expect([name, image.findIndex((byte, i) => byte !== wanted.image[i])]).toEqual([name, -1]);
  }
});

test.prop([
  fc.integer({ min: 1, max: 9 }),
  fc.array(wordAccess(insideAddress), { maxLength: 60, size: "max" }),
])("a budget changes no result, and is spent to the last operation before each pause", (budget, words) => {
  const run = (units: number): { results: unknown[]; pauses: number; operations: number; bytes: string } => {
    const memory = new LocalMemory(new ArrayBuffer(LIMIT));
    const pages = new PageTable(new Uint8Array(PAGES));
    pages.protect(addr(0), LIMIT, "readwrite");
    const access = new UserAccess(memory, pages, faultHandler(pages, [], "deny"));
    memory.budget = units;
    let pauses = 0;
    const results: unknown[] = [];
    // A misaligned access is refused before it is an operation.
    const aligned = words.filter(({ a, size }) => a % size === 0);
    for (const word of aligned) {
      const running = onAccess(access, word, word.other & (2n ** BigInt(8 * word.size) - 1n))[
        Symbol.iterator
      ]();
      let step = running.next();
      for (; !step.done; step = running.next(1)) {
        expect(step.value).toBe(0);
        pauses++;
        memory.budget = units;
      }
      results.push(step.value, memory.observed32, memory.observed64);
    }
    const bytes = new Uint8Array(memory.buffer).join();
    return { results, pauses, operations: aligned.length, bytes };
  };
  const free = run(Number.POSITIVE_INFINITY);
  const bounded = run(budget);
  expect(bounded.results).toEqual(free.results);
  expect(bounded.bytes).toBe(free.bytes);
  expect(free.pauses).toBe(0);
  expect(bounded.pauses).toBe(Math.max(0, Math.ceil(bounded.operations / budget) - 1));
});

test.prop([
  fc.array(
    fc.tuple(fc.integer({ min: -3, max: PAGES + 3 }), fc.integer(), fc.nat(3 * MODEL_PAGE), protection),
  ),
])("protect sets the pages that its range touches and no other", (calls) => {
  const flags = new Uint8Array(PAGES);
  const pages = new PageTable(flags);
  const model = new Array<Protection>(PAGES).fill("unmapped");
  for (const [page, off, length, kind] of calls) {
    const a = page * MODEL_PAGE + (off % MODEL_PAGE);
    pages.protect(a as Addr, length, kind);
    for (let i = 0; i < PAGES; i++) {
      const touches = a < (i + 1) * MODEL_PAGE && a + Math.max(length, 1) > i * MODEL_PAGE;
      if (touches) model[i] = kind;
    }
  }
  const seen = model.map((_, page) => {
    const a = addr(page * MODEL_PAGE);
    const bits = [pages.permits(a, 8, READ), pages.permits(a, 8, WRITE), pages.resolvable(a, false)];
    return [...bits, pages.resolvable(a, true)];
  });
  const wanted: Record<Protection, boolean[]> = {
    unmapped: [false, false, false, false],
    absent: [false, false, true, true],
    "absent-readonly": [false, false, true, false],
    readonly: [true, false, false, false],
    readwrite: [true, true, false, false],
  };
  expect(seen).toEqual(model.map((kind) => wanted[kind]));
});

test.prop([word64, word64, fc.constantFrom(0, 8, MODEL_PAGE - 8)])(
  "a 64-bit word written is read back by halves and by bytes, on every memory",
  (first, second, off) => {
    for (const [, make] of MEMORIES) {
      const memory = make(MODEL_PAGE);
      const a = addr(off);
      runAlone(memory.store64(a, first));
      expect(runAlone(memory.xchg64(a, second))).toBe(first);
      expect(runAlone(memory.load32(a))).toBe(Number(second & 0xffffffffn));
      expect(runAlone(memory.load32(addr(off + 4)))).toBe(Number(second >> 32n));
      const into = new Uint8Array(8);
      runAlone(memory.copyOut(a, into));
      expect(new DataView(into.buffer).getBigUint64(0, true)).toBe(second);
    }
  },
);
