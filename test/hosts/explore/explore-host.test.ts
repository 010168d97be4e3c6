/** The explore host runs what the virtual host runs, to the same end, whatever the order of steps. */
import { describe, expect, it } from "vitest";
import { MachineError } from "../../../src/kernel-sim/errors.ts";
import { type ExploredConfig, ExploredMachine } from "../../../src/machine/explored-machine.ts";
import { createMachine } from "../../../src/machine.ts";
import { drive, randomRun, replay, type Setup } from "./drive.ts";
import { PROGRAMS, type TestProgram } from "./programs.ts";

const SIZE = { vcpus: 2, userBytes: 1 << 15 } as const;
const SEEDS = 12;

function onVirtualHost(program: TestProgram): string[] {
  const log: string[] = [];
  const machine = createMachine({ ...SIZE, tickHz: 0 });
  program(machine, log);
  machine.run();
  return log;
}

function explored(config: ExploredConfig = {}): ExploredMachine {
  return new ExploredMachine({ ...SIZE, ...config });
}

describe.each(Object.keys(PROGRAMS))("%s", (name) => {
  const program = PROGRAMS[name]!;
  const wanted = onVirtualHost(program);

  // The runtime of the library has two servers.
  it.each(name === "library" ? [2] : [1, 2, 3])("ends as on the virtual host, on %i CPUs", (vcpus) => {
    const machine = explored({ vcpus });
    for (let seed = 0; seed < SEEDS; seed++) {
      const log: string[] = [];
      const { failure } = randomRun(machine, (space) => program(space, log), seed);
      expect({ seed, failure, log }).toEqual({ seed, failure: undefined, log: wanted });
    }
  });

  it("ends so whatever interrupts it", () => {
    const machine = explored({ nondeterminism: { preemptions: 3, spuriousWakes: 3 } });
    for (let seed = 0; seed < SEEDS; seed++) {
      const log: string[] = [];
      const { failure } = randomRun(machine, (space) => program(space, log), seed);
      expect({ seed, failure, log }).toEqual({ seed, failure: undefined, log: wanted });
    }
  });

  it("has the same trace on the same schedule, on the same machine and on another", () => {
    const setup: Setup = (space) => program(space, []);
    const machine = explored();
    const runs = Array.from({ length: 4 }, (_, seed) => randomRun(machine, setup, seed));
    for (const run of runs) {
      expect(replay(machine, setup, run.schedule)).toEqual(run);
      expect(replay(explored(), setup, run.schedule)).toEqual(run);
    }
  });
});

describe("every order is reached", () => {
  it("of two threads that each store and then load", () => {
    const machine = explored({ check: false });
    const outcomes = new Set<string>();
    for (let seed = 0; seed < 200; seed++) {
      const seen: number[] = [];
      randomRun(
        machine,
        (space) => {
          const words = [space.allocate(4), space.allocate(4)];
          for (const i of [0, 1])
            space.spawn(function* (env) {
              yield* env.memory.store32(words[i]!, 1);
              seen[i] = yield* env.memory.load32(words[1 - i]!);
            });
        },
        seed,
      );
      outcomes.add(seen.join());
    }
    // Sequentially consistent: not both 0.
    expect([...outcomes].sort()).toEqual(["0,1", "1,0", "1,1"]);
  });

  it("of timers, on one CPU and on two", () => {
    const orders = (vcpus: number): string[] => {
      const machine = explored({ vcpus });
      const found = new Set<string>();
      for (let seed = 0; seed < 100; seed++) {
        const log: string[] = [];
        const sleeper =
          (ns: number): Setup =>
          (space) => {
            space.spawn(
              function* (env) {
                yield* env.sys.nanosleep(ns);
                log.push(`${ns}`);
              },
              { affinity: [ns % vcpus] },
            );
          };
        const setup: Setup = (space) => {
          for (const ns of [1_001, 2_000]) sleeper(ns)(space);
        };
        randomRun(machine, setup, seed);
        found.add(log.join());
      }
      return [...found].sort();
    };
    expect(orders(1)).toEqual(["1001,2000", "2000,1001"]);
    expect(orders(2)).toEqual(["1001,2000", "2000,1001"]);
  });
});

describe("what goes wrong is said", () => {
  const failureOf = (setup: Setup, config: ExploredConfig = {}): string | undefined =>
    randomRun(explored(config), setup, 1).failure;

  it("a program that throws", () => {
    expect(
      failureOf((space) => {
        space.spawn(
          function* (env) {
            yield* env.work(1);
            throw new Error("no");
          },
          { name: "victim" },
        );
      }),
    ).toBe("victim (tid 1) threw: no");
  });

  it("a deadlock", () => {
    expect(
      failureOf((space) => {
        const word = space.allocate(4);
        space.spawn(function* (env) {
          yield* env.sys.futexWait(word, 0);
        });
      }),
    ).toMatch(/^deadlock: nothing is runnable, no timer is armed, and 1 task waits/);
  });

  it("a foreign yield", () => {
    expect(
      failureOf((space) => {
        space.spawn(function* () {
          yield 77;
        });
      }),
    ).toMatch(/yielded 77: only steps may be yielded/);
  });

  it("a task that returns registered", () => {
    expect(
      failureOf((space) => {
        const record = space.allocate(64, 64);
        space.spawn(function* (env) {
          yield* env.memory.store32(record, 1);
          yield* env.memory.store32((record + 4) as never, 1);
          yield* env.umcg.ctl(1, record);
        });
      }),
    ).toMatch(/returned while registered/);
  });

  it("an actor that cannot take a step", () => {
    const outcome = drive(
      explored(),
      (space) => PROGRAMS["hello"]!(space, []),
      () => 999,
    );
    expect(outcome.failure).toBe("actor 999 cannot take a step");
  });

  it.each([
    [{ vcpus: 0 }, "vcpus must be an integer from 1 to 1024, got 0"],
    [{ umcg: "v1" }, 'umcg must be "hardened" or "posted", got v1'],
    [{ nondeterminism: { signals: -1 } }, "nondeterminism.signals must be an integer from 0 to 1000, got -1"],
    [{ nondeterminism: { signal: 99 } }, "nondeterminism.signal must be a signal, got 99"],
    [{ nondeterminism: { earthquakes: 1 } }, /nondeterminism.earthquakes is nothing known/],
  ])("a bad configuration: %j", (config, message) => {
    expect(() => explored(config as never)).toThrow(message);
    expect(() => explored(config as never)).toThrow(MachineError);
  });
});
