/** Work conservation with both kinds of balancing, over random machines and programs. */
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import type { Machine, MachineConfig } from "../../src/machine.ts";
import { boot } from "../../test/support/boot.ts";
import { mayRunOn, sharesLlc } from "../../test/support/inspect.ts";
import { runOut, spawnPlan } from "../../test/support/random-program.ts";
import { flawsOf } from "../../test/support/timeline.ts";
import { anyMachine, anyPlan, nanoseconds } from "./arbitraries.ts";

const MS = 1_000_000;

const balancing: fc.Arbitrary<MachineConfig> = fc
  .record({ config: anyMachine, newIdle: fc.boolean(), periodic: fc.boolean() })
  .map(({ config, newIdle, periodic }) => ({
    ...config,
    tickHz: periodic ? 1000 : config.tickHz!,
    balance: { newIdle, periodic },
  }));

/** Idle CPUs with a waiting task in their LLC that they may run, as "task on cpu". */
function idleInVain(machine: Machine): string[] {
  const { cpus, fair } = machine.kernel;
  const found: string[] = [];
  for (let idle = 0; idle < cpus.count; idle++) {
    if (!cpus.isIdle(idle)) continue;
    for (let busy = 0; busy < cpus.count; busy++) {
      if (cpus.curr(busy) === 0 || !sharesLlc(machine, idle, busy)) continue;
      for (let tid = fair.firstWaiting(busy); tid !== 0; tid = fair.nextWaiting(tid))
        if (mayRunOn(machine, tid, idle)) found.push(`${tid} on ${busy} for ${idle}`);
    }
  }
  return found;
}

describe("any program on any machine that balances", () => {
  test.prop([balancing, anyPlan])(
    "has a timeline without flaws, within every task's affinity",
    (config, plan) => {
      const { machine, log } = boot(config);
      spawnPlan(machine, plan);
      runOut(machine);
      expect(flawsOf(log)).toEqual([]);
      for (let cpu = 0; cpu < machine.kernel.cpus.count; cpu++) {
        const { fair, cpus } = machine.kernel;
        expect([fair.nrRunning(cpu), fair.load(cpu), cpus.curr(cpu)]).toEqual([0, 0, 0]);
      }
    },
  );

  const hogs = fc.array(
    fc.record({
      cpu: fc.nat(15),
      workNs: nanoseconds.map((ns) => ns + 30 * MS),
      pinned: fc.boolean(),
      nice: fc.integer({ min: -5, max: 5 }),
    }),
    { minLength: 1, maxLength: 12 },
  );

  test.prop([anyMachine, hogs])(
    "leaves no CPU idle for long while a task waits in its LLC that may run there",
    (config, list) => {
      const vcpus = config.vcpus!;
      const { machine } = boot({
        ...config,
        tickHz: 1000,
        sliceNs: 2_800_000,
        balance: { newIdle: true, periodic: true },
      });
      for (const { cpu, workNs, pinned, nice } of list) {
        const tid = machine.spawn((env) => env.work(workNs) as never, { affinity: [cpu % vcpus], nice });
        if (!pinned) machine.kernel.tasks.allowed[tid] = -1;
      }
      // Every `width` ms an idle CPU balances; a hot task is taken at the third attempt.
      const patience = 4 * (machine.kernel.topology.llcWidth + 1) * MS;
      let since = 0;
      for (let at = 0; machine.kernel.live > 0; at += MS) {
        runOut(machine, at);
        if (idleInVain(machine).length === 0) since = at;
        expect([at - since <= patience, idleInVain(machine)]).toEqual([true, expect.anything()]);
      }
    },
  );
});
