/**
 * CPU ownership, one scenario at a time: order, levels, hand-over, interrupts, the gate's bound, several CPUs, and deaths. What
 * two threads can do to each other at once is in exclusion.test.ts; here there are three, with few context switches.
 */
import { describe, expect, test } from "vitest";
import type { Coroutine } from "../../../src/atomics/step.ts";
import {
  CpuToken,
  gateClosed,
  LklCpus,
  layOutCpus,
  MAX_IRQ_ROUNDS,
  type Refusal,
  reapThread,
  sharesInside,
  waitShutdown,
} from "../../../src/kernel-sim/lkl/cpu/index.ts";
import { grantOf } from "../../../src/kernel-sim/lkl/cpu/layout.ts";
import { GRANT_WAITING, kindOf } from "../../../src/kernel-sim/lkl/cpu/wait-line.ts";
import type { HostOperations } from "../../../src/kernel-sim/lkl/host/host-operations.ts";
import { FOREVER } from "../../../src/kernel-sim/times.ts";
import { type Body, type ExploreOptions, explore, PROGRAM_BYTES, type Run, word } from "./explore.ts";

const layout = layOutCpus(word(0), { cpus: 2, threads: 4, irqLines: 40, maxInside: 4 });
const MARK = word(PROGRAM_BYTES / 4 - 1);

/** What a scenario has to say, in order; reset by `run`. */
const log: string[] = [];
/** What handlers do. */
let onIrq: (cpus: LklCpus, line: number, cpu: number) => Coroutine<void>;

function cpusOf({ words }: HostOperations): LklCpus {
  const cpus: LklCpus = new LklCpus(words, layout, (line, cpu) => onIrq(cpus, line, cpu));
  return cpus;
}

function* logLine(_: LklCpus, line: number): Coroutine<void> {
  log.push(`irq ${line}`);
}

type Thread = (cpus: LklCpus, host: HostOperations) => Coroutine<void>;

/** Runs the threads under every schedule that the options allow; by default the one without context switches. */
function run(
  threads: readonly Thread[],
  check: (run: Run) => void = () => {},
  options: ExploreOptions = {},
): number {
  return explore(
    () => {
      log.length = 0;
      onIrq = logLine;
      return threads.map(
        (thread): Body =>
          (host) =>
            thread(cpusOf(host), host),
      );
    },
    check,
    { departures: 0, ...options },
  );
}

function must(token: CpuToken | Refusal): CpuToken {
  if (typeof token === "string") throw new Error(`refused: ${token}`);
  return token;
}

/** Waits until the mark is `value`, in a way that lets others run. */
function* until({ words }: HostOperations, value: number): Coroutine<void> {
  for (;;) {
    const found = yield* words.memory.load32(MARK);
    if (found === value) return;
    yield* words.waitWord(MARK, found, FOREVER);
  }
}
function* mark({ words }: HostOperations, value: number): Coroutine<void> {
  yield* words.memory.store32(MARK, value);
  yield* words.wakeWord(MARK, 9);
}

const visit = (name: string, timeoutNs = FOREVER): Thread =>
  function* (cpus) {
    const token = yield* cpus.get(0, timeoutNs);
    if (typeof token === "string") log.push(`${name} ${token}`);
    else {
      log.push(`${name} in`);
      yield* cpus.words.memory.load32(MARK);
      log.push(`${name} out`);
      yield* cpus.put(token);
    }
  };

/** Nobody is inside, on either CPU, in their logs: "a in" is followed by "a out". */
function takesTurns(): void {
  const turns = log.filter((line) => / (in|out)$/.test(line));
  for (let i = 0; i < turns.length; i += 2) {
    expect(turns[i + 1]).toBe(turns[i]!.replace(" in", " out"));
  }
}

describe("order", () => {
  test("the next in line gets the CPU, not who comes by (R1, R2, R22)", () => {
    run(
      [
        function* (cpus, host) {
          const token = must(yield* cpus.get(0, FOREVER));
          yield* until(host, 2);
          yield* cpus.put(token);
          // b is awake but has not run: it owns the CPU all the same.
          yield* visit("a")(cpus, host);
        },
        function* (cpus, host) {
          yield* mark(host, 1);
          yield* visit("b")(cpus, host);
        },
        function* (cpus, host) {
          yield* mark(host, 2);
          yield* visit("c")(cpus, host);
        },
      ],
      () => expect(log.filter((line) => line.endsWith("in"))).toEqual(["b in", "c in", "a in"]),
    );
  });

  test("one who never lets others wait longer than a turn of its own (R22)", () => {
    run(
      [
        function* (cpus, host) {
          for (let turn = 0; turn < 5; turn++) yield* visit("greedy")(cpus, host);
        },
        visit("b"),
        visit("c"),
      ],
      takesTurns,
      { departures: 1 },
    );
  });

  test("three threads take turns, whoever is late, early or woken for nothing (R2, R3)", () => {
    const count = run(
      [visit("a"), visit("b", 1000), visit("c")],
      () => {
        takesTurns();
        expect(log.filter((line) => line.startsWith("a") || line.startsWith("c"))).toHaveLength(4);
      },
      { departures: 2, earlyTimeouts: true },
    );
    expect(count).toBeGreaterThan(500);
  });
});

describe("levels", () => {
  test("the owner may enter again, and the CPU is its own until the last put (R16)", () => {
    run([
      function* (cpus) {
        const outer = must(yield* cpus.get(0, FOREVER));
        const inner = must(yield* cpus.get(0, FOREVER));
        yield* cpus.put(inner);
        expect(yield* cpus.safePoint(outer)).toBeUndefined();
        yield* cpus.put(outer);
        expect(yield* sharesInside(cpus.words, layout)).toBe(0);
      },
    ]);
  });

  test("more than 15 are an error", () => {
    const wide = layOutCpus(word(0), { threads: 4 });
    run([
      function* ({ words }) {
        const cpus = new LklCpus(words, wide, function* () {});
        for (let level = 0; level < 15; level++) must(yield* cpus.get(0, FOREVER));
        expect(yield* codeOf(cpus.get(0, FOREVER))).toBe("ERR_DEPTH");
      },
    ]);
  });

  test("a token is good for one put, by the thread that has it", () => {
    run([
      function* (cpus) {
        const token = must(yield* cpus.get(0, FOREVER));
        const foreign = new CpuToken(0, 3);
        expect(yield* codeOf(cpus.put(foreign))).toBe("ERR_NOT_OWNER");
        expect(yield* codeOf(cpus.put(new CpuToken(1, 1)))).toBe("ERR_NOT_OWNER");
        yield* cpus.put(token);
        expect(token.valid).toBe(false);
        expect(yield* codeOf(cpus.put(token))).toBe("ERR_NOT_OWNER");
        expect(yield* codeOf(cpus.safePoint(token))).toBe("ERR_NOT_OWNER");
      },
    ]);
  });
});

describe("handing on", () => {
  test("the new owner adopts it; nobody gets in between (R24)", () => {
    run(
      [
        function* (cpus, host) {
          const token = must(yield* cpus.get(0, FOREVER));
          log.push("a in");
          log.push("a out");
          yield* cpus.changeOwner(token, 2);
          yield* mark(host, 1);
          expect(yield* codeOf(cpus.put(token))).toBe("ERR_NOT_OWNER");
        },
        function* (cpus, host) {
          yield* until(host, 1);
          const token = yield* cpus.adopt(0);
          log.push("b in");
          yield* cpus.words.memory.load32(MARK);
          log.push("b out");
          yield* cpus.put(token);
        },
        visit("c"),
      ],
      () => {
        takesTurns();
        expect(log).toHaveLength(6);
      },
      { departures: 2 },
    );
  });

  test("not at a second level, and not to one who is not named", () => {
    run([
      function* (cpus) {
        const outer = must(yield* cpus.get(0, FOREVER));
        const inner = must(yield* cpus.get(0, FOREVER));
        expect(yield* codeOf(cpus.changeOwner(inner, 2))).toBe("ERR_DEPTH");
        yield* cpus.put(inner);
        expect(yield* codeOf(cpus.adopt(1))).toBe("ERR_NOT_OWNER");
        yield* cpus.put(outer);
      },
    ]);
  });
});

describe("interrupts", () => {
  test("the handler runs on whoever triggers a free CPU, with interrupts off", () => {
    run([
      function* (cpus) {
        onIrq = function* (inner, line) {
          log.push(`irq ${line}`);
          if (line === 1) log.push(yield* inner.trigger(0, 2));
        };
        expect(yield* cpus.trigger(0, 1)).toBe("delivered");
        expect(log).toEqual(["irq 1", "pended", "irq 2"]);
      },
    ]);
  });

  test("triggers before a delivery are one delivery; those of the owner run at once (R5, R16)", () => {
    run([
      function* (cpus) {
        const token = must(yield* cpus.get(0, FOREVER));
        const on = yield* cpus.irqSave(token);
        for (const line of [3, 40, 3]) expect(yield* cpus.trigger(0, line)).toBe("pended");
        expect(yield* cpus.irqSave(token)).toBe(false);
        yield* cpus.irqRestore(token, false);
        expect(log).toEqual([]);
        yield* cpus.irqRestore(token, on);
        expect(log).toEqual(["irq 3", "irq 40"]);
        expect(yield* cpus.trigger(0, 3)).toBe("delivered");
        expect(log).toEqual(["irq 3", "irq 40", "irq 3"]);
        yield* cpus.put(token);
      },
    ]);
  });

  test("a safe point takes what others have triggered", () => {
    run([
      function* (cpus, host) {
        const token = must(yield* cpus.get(0, FOREVER));
        yield* until(host, 1);
        expect(log).toEqual([]);
        yield* cpus.safePoint(token);
        expect(log).toEqual(["irq 7"]);
        yield* cpus.put(token);
        expect(log).toEqual(["irq 7"]);
      },
      function* (cpus, host) {
        expect(yield* cpus.trigger(0, 7)).toBe("pended");
        yield* mark(host, 1);
      },
    ]);
  });

  test("a CPU is not given back with its interrupts off (R7)", () => {
    run([
      function* (cpus) {
        const token = must(yield* cpus.get(0, FOREVER));
        yield* cpus.irqSave(token);
        expect(yield* codeOf(cpus.put(token))).toBe("ERR_IRQS_OFF");
        // The caller still has it.
        yield* cpus.irqRestore(token, true);
        yield* cpus.put(token);
      },
    ]);
  });

  test("a line that triggers itself for ever is a storm, and the CPU survives it (R5)", () => {
    run(
      [
        function* (cpus) {
          let times = 0;
          onIrq = function* (inner, line) {
            times++;
            yield* inner.trigger(0, line);
          };
          expect(yield* codeOf(cpus.trigger(0, 9))).toBe("ERR_IRQ_STORM");
          expect(times).toBe(MAX_IRQ_ROUNDS);
          onIrq = logLine;
          expect(yield* cpus.trigger(0, 9)).toBe("delivered");
          expect(log).toEqual(["irq 9"]);
        },
      ],
      undefined,
      { maxSteps: 100_000 },
    );
  });

  test("what a handler throws reaches who ran it, and the CPU goes on", () => {
    run([
      function* (cpus) {
        const token = must(yield* cpus.get(0, FOREVER));
        const on = yield* cpus.irqSave(token);
        yield* cpus.trigger(0, 9);
        onIrq = function* () {
          throw Object.assign(new Error("broken driver"), { code: "DRIVER" });
        };
        expect(yield* codeOf(cpus.irqRestore(token, on))).toBe("DRIVER");
        yield* cpus.put(token);
        expect(yield* codeOf(cpus.trigger(0, 9))).toBe("DRIVER");
        expect(yield* sharesInside(cpus.words, layout)).toBe(0);
      },
    ]);
  });

  test.each([0, 41, -1, 1.5])("%s is no line", (line) => {
    run([
      function* (cpus) {
        expect(yield* codeOf(cpus.trigger(0, line))).toBe("ERR_IRQ_LINE");
      },
    ]);
  });
});

describe("the gate", () => {
  test("one too many is told so, and it is not taken for closed (R23)", () => {
    run([
      function* (cpus) {
        const tokens: CpuToken[] = [];
        for (let i = 0; i < 4; i++) tokens.push(must(yield* cpus.get(0, FOREVER)));
        expect(yield* cpus.get(0, FOREVER)).toBe("full");
        expect(yield* gateClosed(cpus.words, layout)).toBe(false);
        for (const token of tokens.reverse()) yield* cpus.put(token);
        yield* cpus.put(must(yield* cpus.get(0, FOREVER)));
      },
    ]);
  });

  test("closing twice is closing once (R17); late callers and triggers are told (R8, R9)", () => {
    run([
      function* (cpus) {
        const token = must(yield* cpus.get(0, FOREVER));
        expect(yield* cpus.shutdown()).toBe(true);
        expect(yield* cpus.shutdown()).toBe(false);
        expect(yield* cpus.get(0, FOREVER)).toBe("closed-at-gate");
        expect(yield* cpus.trigger(0, 1)).toBe("dropped");
        expect(yield* waitShutdown(cpus.words, layout, 0, 1000)).toBe(-110);
        expect(yield* waitShutdown(cpus.words, layout, 1, 1000)).toBe(0);
        yield* cpus.put(token);
        expect(yield* waitShutdown(cpus.words, layout, 0, 1000)).toBe(0);
        expect(log).toEqual([]);
      },
    ]);
  });

  test("three at the end: each is in, is told, or gives up; then nobody is inside (R9, R10)", () => {
    run(
      [
        visit("a"),
        visit("b", 1000),
        function* (cpus) {
          yield* cpus.shutdown();
          expect(yield* waitShutdown(cpus.words, layout, 0, FOREVER)).toBe(0);
          log.push("over");
        },
      ],
      () => {
        takesTurns();
        expect(log.indexOf("over")).toBeGreaterThan(log.indexOf("a out"));
      },
      { departures: 2, earlyTimeouts: true },
    );
  });
});

describe("several CPUs (R26)", () => {
  test("each has its owner, its line and its interrupts", () => {
    run([
      function* (cpus, host) {
        const zero = must(yield* cpus.get(0, FOREVER));
        const one = must(yield* cpus.get(1, FOREVER));
        yield* cpus.changeOwner(one, 2);
        yield* mark(host, 1);
        yield* until(host, 2);
        // The line of the one is no business of the other's.
        expect(yield* cpus.get(1, 1000)).toBe("timed-out");
        expect(log).toEqual([]);
        yield* cpus.put(zero);
        expect(log).toEqual(["irq 1"]);
        yield* mark(host, 3);
      },
      function* (cpus, host) {
        yield* until(host, 1);
        const one = yield* cpus.adopt(1);
        expect(yield* cpus.trigger(0, 1)).toBe("pended");
        expect(yield* cpus.trigger(1, 2)).toBe("delivered");
        expect(log.splice(0)).toEqual(["irq 2"]);
        yield* mark(host, 2);
        yield* until(host, 3);
        yield* cpus.put(one);
      },
    ]);
  });
});

describe("death (R27)", () => {
  const reap: ExploreOptions["reap"] = function* (host, slot) {
    const grant = yield* host.words.memory.load32(grantOf(layout, 0, slot));
    if (kindOf(grant) === GRANT_WAITING) log.push("in the line");
    log.push(`reaped: ${yield* reapThread(host.words, layout, slot)}`);
  };

  test("of an owner: who waits, and who comes, is told; nobody waits for ever", () => {
    const seen = new Set<string>();
    run(
      [visit("a"), visit("b")],
      () => {
        takesTurnsButTheDead();
        seen.add(log.filter((line) => line.startsWith("b") && !line.endsWith("out")).join());
      },
      { departures: 2, mortal: [1], reap },
    );
    expect([...seen].toSorted()).toEqual(["b in", "b poisoned"]);
  });

  test("of one in the line, or just being handed the CPU: the others go on", () => {
    run(
      [visit("a"), visit("b"), visit("c")],
      ({ words }) => {
        takesTurnsButTheDead();
        if (log.includes("in the line")) expect(words[layout.gate >> 2]).toBe(0);
        const poisoned = log.includes("reaped: poisoned");
        for (const name of ["a", "c"]) {
          const last = log.findLast((line) => line.startsWith(name));
          expect(last === `${name} out` || (poisoned && last === `${name} poisoned`)).toBe(true);
        }
      },
      { departures: 2, mortal: [2], reap },
    );
  });

  test("its shares are given back, so that the end can be awaited", () => {
    run(
      [
        visit("a"),
        function* (cpus) {
          yield* cpus.shutdown();
          // One that dies between gate and CPU, on either way, has a share that nobody knows of.
          log.push(`end ${yield* waitShutdown(cpus.words, layout, 0, 1000)}`);
        },
      ],
      () => {
        if (log.includes("reaped: poisoned")) expect(log).toContain("end 0");
      },
      { departures: 2, mortal: [1], reap },
    );
  });

  function takesTurnsButTheDead(): void {
    const turns = log.filter((line) => / (in|out)$/.test(line));
    for (let i = 0; i + 1 < turns.length; i++) {
      if (turns[i]!.endsWith(" in") && turns[i + 1] !== turns[i]!.replace(" in", " out")) {
        throw new Error(`${turns[i + 1]} after ${turns[i]}`);
      }
    }
  }
});

/** The code of what a coroutine throws, or "". */
function* codeOf(body: Coroutine<unknown>): Coroutine<string> {
  try {
    yield* body;
    return "";
  } catch (error) {
    return String((error as { code?: unknown }).code);
  }
}
