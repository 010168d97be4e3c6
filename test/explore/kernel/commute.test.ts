/**
 * What steps are seen to touch is all that they touch: neighbouring steps with nothing in common are exchanged, and the machine is
 * the same. A kernel of which one object is kept secret is found out.
 */
import { describe, expect, it } from "vitest";
import {
  type KernelOptions,
  type KernelProgram,
  KernelSystem,
} from "../../../src/explore/kernel/kernel-system.ts";
import { configOf, SCENARIOS } from "../../hosts/explore/flaws/index.ts";
import { PROGRAMS } from "../../hosts/explore/programs.ts";
import { Exchanges } from "../../support/commute.ts";

/** Mismatches of a random walk, and how many pairs were exchanged. */
function exchanged(setup: KernelProgram, config: KernelOptions): [found: string[], made: number] {
  const exchanges = new Exchanges(new KernelSystem(setup, config));
  const found: string[] = [];
  for (const { first, second, what } of exchanges.walk(1, 6)) found.push(`${first}; ${second}: ${what}`);
  return [found, exchanges.made];
}

const NOISE = { preemptions: 2, spuriousWakes: 2 } as const;
const BIG: KernelOptions = { userBytes: 1 << 15 };

describe("steps that have nothing in common commute", () => {
  it.each(["posted", "hardened"] as const)("in the scenarios, on %s", (umcg) => {
    let pairs = 0;
    for (const scenario of SCENARIOS) {
      const [found, made] = exchanged(scenario.setup, { ...configOf(scenario, umcg), nondeterminism: NOISE });
      expect({ id: scenario.id, found }).toEqual({ id: scenario.id, found: [] });
      pairs += made;
    }
    expect(pairs).toBeGreaterThan(100);
  });

  it.each(Object.entries(PROGRAMS))("in %s", (_, program) => {
    expect(exchanged((machine) => program(machine, []), BIG)[0]).toEqual([]);
  });
});

const WALKS = 60;

/** Is it noticed that nobody is told of the objects of this name? */
function isMissed(secret: string): boolean {
  for (const scenario of SCENARIOS.filter(({ id }) => ["F43", "F14", "F12"].includes(id))) {
    const exchanges = new Exchanges(new KernelSystem(scenario.setup, configOf(scenario, "hardened")));
    const { objects, touches } = exchanges.system.machine;
    for (const access of ["read", "write"] as const) {
      const plain = touches[access].bind(touches);
      touches[access] = (object) => {
        if (!objects.nameOf(object).startsWith(secret)) plain(object);
      };
    }
    for (let seed = 0; seed < WALKS; seed++) if (!exchanges.walk(seed, 1).next().done) return true;
  }
  return false;
}

describe("an object that is kept secret", () => {
  it.each(["tasks.state", "word "])("is missed: %s", (secret) => {
    expect(isMissed(secret)).toBe(true);
  });
});

it("has a rule for every method of the tables that a task can come to", () => {
  const system = new KernelSystem(() => {});
  system.observe();
  expect(system.machine.coarse?.filter((method) => !method.startsWith("rt."))).toEqual([]);
});
