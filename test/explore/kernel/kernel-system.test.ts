/** Kernel mode as a system: what each execution comes to, and that footprints lose none. */
import { describe, expect, it } from "vitest";
import { explore, kernelProgram } from "../../../src/explore/index.ts";
import type { KernelOptions } from "../../../src/explore/kernel/kernel-system.ts";
import { type KernelProgram, KernelSystem } from "../../../src/explore/kernel/kernel-system.ts";
import { DepthFirst } from "../../../src/explore/strategies/depth-first.ts";
import { SLEEP_BLOCKED } from "../../../src/explore/strategy.ts";
import { WILL_EXIT } from "../../../src/hosts/explore/task-code.ts";
import type { ExploredMachine } from "../../../src/machine/explored-machine.ts";

interface Explored {
  /** What executions came to, sorted. */
  readonly outcomes: readonly string[];
  readonly executions: number;
  readonly distinct: number;
}

/** All executions of a program, which writes what it found to a list. */
function exploreAll(
  program: (machine: Parameters<KernelProgram>[0], found: number[]) => void,
  sleepSets: boolean,
  options: KernelOptions = {},
): Explored {
  let found: number[] = [];
  const system = new KernelSystem((machine) => {
    found = [];
    program(machine, found);
  }, options);
  const search = new DepthFirst(system, { sleepSets, maxSteps: 400 });
  const outcomes = new Set<string>();
  const classes = new Set<number>();
  let executions = 0;
  do {
    executions++;
    if (search.execute() === SLEEP_BLOCKED) continue;
    system.finish();
    classes.add(search.signature);
    outcomes.add([found.join(), ...system.violations.map(({ kind }) => kind)].join(" "));
  } while (search.advance());
  return { outcomes: [...outcomes].sort(), executions, distinct: classes.size };
}

describe("depth first, naive and with sleep sets", () => {
  it.each<[string, Parameters<typeof exploreAll>[0], readonly string[]]>([
    [
      "store buffering",
      (machine, found) => {
        const words = [machine.allocate(4), machine.allocate(4)];
        for (const i of [0, 1])
          machine.spawn(function* (env) {
            yield* env.memory.store32(words[i]!, 1);
            found[i] = yield* env.memory.load32(words[1 - i]!);
          });
      },
      ["0,1", "1,0", "1,1"],
    ],
    [
      "futex wait and wake",
      (machine, found) => {
        const word = machine.allocate(4);
        machine.spawn(function* (env) {
          found[0] = yield* env.sys.futexWait(word, 0);
        });
        machine.spawn(function* (env) {
          yield* env.memory.store32(word, 1);
          found[1] = yield* env.sys.futexWake(word, 1);
        });
      },
      // Too late to sleep, and for a wake-up to find anybody; or woken.
      ["-11,0", "0,1"],
    ],
    [
      "a wake-up that may come too early",
      (machine, found) => {
        const word = machine.allocate(4);
        machine.spawn(function* (env) {
          found[0] = yield* env.sys.futexWait(word, 0);
        });
        machine.spawn(function* (env) {
          found[1] = yield* env.sys.futexWake(word, 1);
        });
      },
      [",0 deadlock", "0,1"],
    ],
  ])("see the same: %s", (_, program, outcomes) => {
    const naive = exploreAll(program, false);
    const asleep = exploreAll(program, true);
    expect(naive.outcomes).toEqual(outcomes);
    expect(asleep.outcomes).toEqual(outcomes);
    expect(asleep.distinct).toBe(naive.distinct);
    expect(asleep.executions).toBeLessThan(naive.executions);
  });

  it("see a timeout come before, behind and between", () => {
    const timed: Parameters<typeof exploreAll>[0] = (machine, found) => {
      const word = machine.allocate(4);
      machine.spawn(function* (env) {
        found[0] = yield* env.sys.futexWait(word, 0, 1_000);
      });
      machine.spawn(function* (env) {
        found[1] = yield* env.sys.futexWake(word, 1);
      });
    };
    expect(exploreAll(timed, true).outcomes).toEqual(["-110,0", "0,1"]);
  });
});

describe("what is wrong with an execution", () => {
  const violationsOf = (program: KernelProgram, options: KernelOptions = {}): unknown[] => {
    const system = new KernelSystem(program, options);
    system.reset();
    for (let count = system.enabledCount(); count > 0; count = system.enabledCount())
      system.step(system.enabled[0]!, 0);
    system.finish();
    return system.violations.map(({ kind, message, actor }) => [kind, message, actor]);
  };

  it("is a program that throws in its set-up", () => {
    const throws = (): void => {
      throw new Error("no");
    };
    expect(violationsOf(throws)).toEqual([["threw", "no", -1]]);
  });

  it("is a task that throws", () => {
    const program: KernelProgram = (machine) => {
      machine.spawn(function* (env) {
        yield* env.work(1);
        throw new Error("no");
      });
    };
    expect(violationsOf(program)).toEqual([["threw", "task-1 (tid 1) threw: no", 0]]);
  });

  it("is a deadlock, with who waits for what", () => {
    const program: KernelProgram = (machine) => {
      const word = machine.allocate(4);
      machine.spawn((env) => env.sys.futexWait(word, 0), { name: "sleeper" });
    };
    const [[kind, message]] = violationsOf(program) as [[string, string]];
    expect(kind).toBe("deadlock");
    expect(message).toMatch(/sleeper \(tid 1, cpu \d\) waits in futex for 0x/);
  });

  it("is an invariant that is broken, by number", () => {
    const program: KernelProgram = (machine) => {
      const record = machine.allocate(64, 64);
      machine.spawn(function* (env) {
        yield* env.memory.store32(record, 1);
        yield* env.memory.store32((record + 4) as never, 1);
        yield* env.umcg.ctl(1, record);
        yield* env.memory.store32(record, 9);
      });
    };
    expect(violationsOf(program)).toEqual([["invariant", expect.stringMatching(/^I1, broken by user/), 0]]);
  });

  it("is what the program's own check at the end finds", () => {
    const program: KernelProgram = (machine) => {
      const word = machine.allocate(4);
      machine.spawn(function* (env) {
        yield* env.memory.store32(word, 7);
      });
      machine.atEnd(() => {
        if (machine.peek32(word) !== 8) throw new Error(`the word is ${machine.peek32(word)}`);
      });
    };
    expect(violationsOf(program)).toEqual([["assertion", "the word is 7", -1]]);
  });

  it("is a page that stays pinned", () => {
    const program: KernelProgram = (machine) => {
      machine.kernel.pages.pin(machine.allocate(4));
      machine.spawn(function* (env) {
        yield* env.work(1);
      });
    };
    expect(violationsOf(program)).toEqual([["leak", expect.stringContaining("is pinned"), -1]]);
  });
});

describe("an execution without end", () => {
  const endless = (body: (machine: ExploredMachine) => void): string => {
    const options = { strategy: "delays", maxBound: 0, maxSteps: 300 } as const;
    const { violations } = explore(kernelProgram(body), options);
    return `${violations[0]?.kind}: ${violations[0]?.message}`;
  };

  it("is a livelock when tasks look in vain, and it says at what", () => {
    const said = endless((machine) => {
      const flag = machine.allocate(4);
      machine.spawn(
        function* (env) {
          while ((yield* env.memory.load32(flag)) === 0) yield* env.sys.schedYield();
        },
        { name: "spinner" },
      );
    });
    expect(said).toMatch(
      /^step-bound: an execution did not end within 300 steps, a livelock: nothing changes any more, with spinner at 0x[0-9a-f]+ = 0$/,
    );
  });

  it("is none when it would end with more steps, or something changes for ever", () => {
    const counts = (to: number) => (machine: ExploredMachine) => {
      const word = machine.allocate(4);
      machine.spawn(function* (env) {
        for (let i = 1; i < to; i++) yield* env.memory.store32(word, i);
      });
    };
    const plain = "step-bound: an execution did not end within 300 steps";
    expect(endless(counts(600))).toBe(plain);
    expect(endless(counts(Number.POSITIVE_INFINITY))).toBe(plain);
  });
});

describe("where exploration begins", () => {
  const store = (machine: ExploredMachine): void => {
    const word = machine.allocate(4);
    for (let i = 0; i < 2; i++)
      machine.spawn(function* (env) {
        for (let k = 0; k < 3; k++) yield* env.memory.store32(word, k);
      });
  };
  const executions = (options: KernelOptions): number => explore(kernelProgram(store, options)).executions;

  it("is behind some steps in turn, or where something holds", () => {
    // 6 stores to one word in the order of two tasks; 2 steps to leave idle, then turns.
    expect(executions({})).toBe(20);
    expect(executions({ from: 2 })).toBe(20);
    expect(executions({ from: 4 })).toBe(6);
    expect(executions({ from: (machine) => machine.host.code.request(1) === WILL_EXIT })).toBe(1);
  });

  it("must be come to", () => {
    const { violations } = explore(kernelProgram(store, { from: () => false }));
    expect(violations).toMatchObject([
      { message: expect.stringContaining("steps in turn the program is not") },
    ]);
  });
});

describe("a system", () => {
  it("begins again where it began, and tells states apart", () => {
    const system = new KernelSystem((machine) => {
      const word = machine.allocate(4);
      machine.spawn(function* (env) {
        yield* env.memory.store32(word, 7);
      });
    });
    system.reset();
    const first = system.stateHash();
    system.step(0, 0);
    system.step(0, 0);
    expect(system.stateHash()).not.toBe(first);
    system.reset();
    expect(system.stateHash()).toBe(first);
  });

  it("says in words who is about to do what", () => {
    const system = new KernelSystem((machine) => {
      const word = machine.allocate(4);
      machine.spawn(
        function* (env) {
          yield* env.memory.store32(word, 7);
        },
        { name: "writer" },
      );
    });
    system.reset();
    expect([system.nameOf(0), system.describe(0)]).toEqual(["cpu0", "leaves idle"]);
    system.step(0, 0);
    expect(system.describe(0)).toMatch(/^writer: store 0x/);
  });
});
