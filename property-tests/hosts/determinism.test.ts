/** (program, configuration, seed) determines the trace. */
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import type { MachineConfig } from "../../src/machine.ts";
import { TraceHash } from "../../src/trace/hash.ts";
import { boot } from "../../test/support/boot.ts";
import { runOut, spawnPlan, type TaskPlan } from "../../test/support/random-program.ts";
import { anyPlan, everyMachine } from "../kernel-sim/arbitraries.ts";

interface Outcome {
  readonly digest: string;
  readonly result: unknown;
  readonly waiters: unknown;
}

/** Runs a plan, in pieces that end at these times and then to its end. */
function run(config: MachineConfig, plan: readonly TaskPlan[], pieces: readonly number[] = []): Outcome {
  const { machine } = boot(config);
  const hash = new TraceHash();
  machine.trace.addSink(hash);
  spawnPlan(machine, plan);
  for (const untilNs of pieces) runOut(machine, untilNs);
  const { events: _, ...result } = runOut(machine);
  return { digest: hash.digest(), result, waiters: machine.waiters() };
}

const noisy = fc
  .tuple(everyMachine, fc.boolean(), fc.integer())
  .map(([config, jitter, seed]): MachineConfig => ({ ...config, jitter, seed }));

describe("two runs of one program", () => {
  test.prop([noisy, anyPlan])("have the same trace", (config, plan) => {
    expect(run(config, plan)).toEqual(run(config, plan));
  });

  test.prop([noisy, anyPlan, fc.array(fc.nat(5_000_000), { maxLength: 8 })])(
    "have the same trace, though one is stopped and taken up again",
    (config, plan, times) => {
      const whole = run(config, plan);
      const pieces = times
        .filter((at) => at < (whole.result as { virtualNs: number }).virtualNs)
        .sort((a, b) => a - b);
      expect(run(config, plan, pieces)).toEqual(whole);
    },
  );
});
