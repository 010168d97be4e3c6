/** What is learned of a pure program changes nothing but time: each strategy makes the same executions with it and without. */
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import {
  BareSystem,
  makeStrategy,
  type Program,
  STRATEGIES,
  type StrategyName,
} from "../../src/explore/index.ts";
import { ALL_KINDS, asProgram, PLAIN, type RandomProgram, randomProgram, SPINS } from "./random-programs.ts";

const EXECUTIONS = 60;
const MAX_STEPS = 60;
/** To find a spin loop takes a hundred times as long as to make an execution. */
const FEW = Math.ceil((fc.readConfigureGlobal().numRuns ?? 100) / 5);

/** All that a strategy makes of a program, in order. */
function made(
  program: Program,
  pure: boolean,
  strategy: StrategyName,
  { any, faults }: RandomProgram,
): string[] {
  const system = new BareSystem(program, {
    bytes: 128,
    wakeOrder: any ? "any" : "fifo",
    faults: faults ? 1 : 0,
    pure,
  });
  const search = makeStrategy(system, { strategy, seed: 3, maxSteps: MAX_STEPS });
  const executions: string[] = [];
  do {
    const ended = search.execute();
    const { signature, length } = search;
    const schedule = search.schedule();
    system.finish();
    const wrong = system.violations.map(({ kind, message, steps }) => `${kind} ${message} ${steps}`);
    executions.push(`${ended} ${length} ${schedule} ${signature} ${system.stateHash()} ${wrong}`);
  } while (search.advance() && executions.length < EXECUTIONS);
  return executions;
}

const strategies = fc.constantFrom(...(Object.keys(STRATEGIES) as StrategyName[]));

function holds(program: RandomProgram, strategy: StrategyName, spins = false): void {
  const plain = made(asProgram(program, spins), false, strategy, program);
  expect(made(asProgram(program, spins), true, strategy, program)).toEqual(plain);
}

describe("each strategy makes the same executions of what it has learned", () => {
  test.prop([randomProgram(ALL_KINDS, { spawns: true }), strategies])("of everything", (program, strategy) =>
    holds(program, strategy),
  );
  test.prop([randomProgram(PLAIN), strategies])("of plain accesses", (program, strategy) =>
    holds(program, strategy),
  );
  test.prop([randomProgram(SPINS), strategies], { numRuns: FEW })(
    "of loops that look for a value",
    (program, strategy) => holds(program, strategy, true),
  );
});
