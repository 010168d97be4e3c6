/** A schedule determines the trace: on the explore host every random execution replays to the same digest. */
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { ExploredMachine } from "../../src/machine/explored-machine.ts";
import { randomRun, replay } from "../../test/hosts/explore/drive.ts";
import { PROGRAMS } from "../../test/hosts/explore/programs.ts";

const machines = [
  new ExploredMachine({ userBytes: 1 << 15 }),
  new ExploredMachine({
    userBytes: 1 << 15,
    nondeterminism: { preemptions: 2, spuriousWakes: 2, signals: 0 },
  }),
];

const anyProgram = fc.constantFrom("hello", "ring", "swap", "sleepers");

describe("a random schedule", () => {
  test.prop([fc.integer(), anyProgram, fc.constantFrom(...machines)])(
    "replays to the same trace",
    (seed, name, machine) => {
      const run = randomRun(machine, (space) => PROGRAMS[name]!(space, []), seed);
      expect(run.failure).toBeUndefined();
      expect(replay(machine, (space) => PROGRAMS[name]!(space, []), run.schedule)).toEqual(run);
    },
  );
});
