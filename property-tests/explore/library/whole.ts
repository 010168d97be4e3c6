/**
 * UMCG `hardened` explored completely: the programs that show the documented flaws on `posted`, each task on a CPU of its own,
 * from some step on.
 *
 * Up to there all actors step in turn: most interleavings of such a program are of its beginning, where nothing is decided that the
 * flaw is about. From there on every class of executions is made once. `near` is near enough to the end for the default
 * run, `far` is what a campaign does. docs/kernel-mode.md has the table.
 */
import {
  type Explorable,
  type KernelOptions,
  type KernelProgram,
  kernelProgram,
} from "../../../src/explore/index.ts";
import type { UmcgProfile } from "../../../src/umcg/umcg.ts";
import { configOf, SCENARIOS } from "../../../test/hosts/explore/flaws/index.ts";

/** Steps in turn before exploration begins. */
export interface Whole {
  /** Of the scenario. */
  readonly id: string;
  readonly vcpus: number;
  readonly near: number;
  readonly far: number;
}

/** The program, with each task that it spawns at set-up on the next CPU, unless it says itself on which. */
function spread(setup: KernelProgram): KernelProgram {
  return (machine) => {
    const { spawn } = machine;
    let next = 0;
    machine.spawn = (program, options = {}) => {
      const affinity = [next++ % machine.kernel.config.vcpus];
      return spawn.call(machine, program, { affinity, ...options });
    };
    try {
      setup(machine);
    } finally {
      machine.spawn = spawn;
    }
  };
}

export function wholeProgram(
  id: string,
  vcpus: number,
  from: KernelOptions["from"],
  umcg: UmcgProfile = "hardened",
): Explorable {
  const scenario = SCENARIOS.find((other) => other.id === id)!;
  return kernelProgram(spread(scenario.setup), {
    ...configOf(scenario, umcg),
    vcpus,
    ...(from === undefined ? {} : { from }),
  });
}

export const WHOLE: readonly Whole[] = [
  { id: "F1", vcpus: 4, near: 89, far: 77 },
  { id: "F2", vcpus: 4, near: 84, far: 66 },
  { id: "F4", vcpus: 2, near: 42, far: 30 },
  { id: "F9", vcpus: 3, near: 125, far: 101 },
  { id: "F6", vcpus: 3, near: 91, far: 79 },
  { id: "F12", vcpus: 2, near: 106, far: 94 },
  { id: "F14", vcpus: 2, near: 86, far: 62 },
  { id: "F15", vcpus: 2, near: 0, far: 0 },
  { id: "F18", vcpus: 2, near: 0, far: 0 },
  { id: "F39", vcpus: 2, near: 92, far: 92 },
  { id: "F57", vcpus: 3, near: 92, far: 56 },
  { id: "F20", vcpus: 3, near: 70, far: 70 },
  { id: "F21", vcpus: 3, near: 76, far: 76 },
  { id: "F27", vcpus: 3, near: 121, far: 97 },
  { id: "F28", vcpus: 4, near: 77, far: 65 },
  { id: "F32", vcpus: 3, near: 77, far: 77 },
  { id: "F36", vcpus: 3, near: 145, far: 121 },
  { id: "F16", vcpus: 4, near: 160, far: 136 },
  { id: "F43", vcpus: 2, near: 48, far: 48 },
  { id: "F43 unregister", vcpus: 2, near: 45, far: 33 },
  { id: "F44", vcpus: 4, near: 146, far: 122 },
  { id: "F45", vcpus: 2, near: 80, far: 42 },
  { id: "F50", vcpus: 3, near: 80, far: 80 },
];
