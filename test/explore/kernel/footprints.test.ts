/**
 * The footprints of kernel mode are honest: a step that does not say that it writes the kernel's state touches, of all tasks,
 * CPUs and queues, only what is its own CPU's; of others it only asks whether they are registered.
 */
import { describe, expect, it } from "vitest";
import {
  type KernelOptions,
  type KernelProgram,
  KernelSystem,
} from "../../../src/explore/kernel/kernel-system.ts";
import { Sfc32 } from "../../../src/random/sfc32.ts";
import { configOf, SCENARIOS } from "../../hosts/explore/flaws/index.ts";
import { PROGRAMS } from "../../hosts/explore/programs.ts";
import { KernelTracker, type Touch } from "../../support/kernel-tracker.ts";

/** What others may ask of a task: it changes in steps that write the kernel's state. */
const PUBLIC = ["umcgTask", "umcgHead", "flags", "allows", "cpu"];

/** Of `posted`, too: it asks whether a task exists. */
const PUBLIC_POSTED = [...PUBLIC, "state"];

/** Everything that a step touched and did not say, as text. */
function dishonest(system: KernelSystem, seeds: number, open = PUBLIC): string[] {
  const { kernel, host } = system.machine;
  const tracker = new KernelTracker(kernel);
  const writesKernel = ((kernel.userEnd - kernel.userBase) >>> 2) * 2 + 1;
  const found = new Set<string>();
  for (let seed = 0; seed < seeds; seed++) {
    const random = new Sfc32(seed);
    system.reset();
    for (let count = system.enabledCount(); count > 0; count = system.enabledCount()) {
      const actor = system.enabled[Math.floor(random.next() * count)]!;
      const says = system.footprints.accesses(system.footprint(actor));
      const what = system.describe(actor).replace(/0x[0-9a-f]+/, "");
      tracker.touches.length = 0;
      tracker.on = true;
      system.step(actor, 0);
      tracker.on = false;
      if (says.includes(writesKernel)) continue;
      const cpu = host.actors.place(actor);
      for (const [i, touch] of tracker.touches.entries())
        if (!isOwn(touch, cpu) && !isPrice(touch, tracker.touches[i - 1]))
          found.add(`${what}: ${touch.table}.${touch.method}(${touch.row})`);
    }
  }
  return [...found];

  /** chargeWake() looks whether there is a wake-up to be paid for: nothing is paid here. */
  function isPrice(touch: Touch, before: Touch | undefined): boolean {
    return touch.method === "state" && before?.method === "setWakeStart";
  }
  function isOwn({ table, method, row, writes }: Touch, cpu: number): boolean {
    switch (table) {
      case "tasks":
        return row === 0 || kernel.tasks.cpu(row) === cpu || (!writes && open.includes(method));
      case "fair":
        // Of a task, or of a CPU.
        return ["isQueued", "isDelayed", "beginSlice", "weight"].includes(method)
          ? kernel.tasks.cpu(row) === cpu
          : row === cpu;
      case "waits":
        // Leaving a queue commutes with others leaving it.
        return !writes || method === "remove";
      case "timers":
        return !writes || kernel.timers.cpuOf(row) === cpu;
      default:
        return row === cpu;
    }
  }
}

const SIZE: KernelOptions = { userBytes: 1 << 15 };

describe("every step says what it touches", () => {
  it.each(Object.entries(PROGRAMS))("of %s", (_, program) => {
    const setup: KernelProgram = (machine) => program(machine, []);
    expect(dishonest(new KernelSystem(setup, SIZE), 5)).toEqual([]);
  });

  it.each(["posted", "hardened"] as const)("of the scenarios, on %s", (umcg) => {
    const open = umcg === "posted" ? PUBLIC_POSTED : PUBLIC;
    for (const scenario of SCENARIOS) {
      const system = new KernelSystem(scenario.setup, { ...configOf(scenario, umcg), paging: true });
      expect({ id: scenario.id, found: dishonest(system, 3, open) }).toEqual({ id: scenario.id, found: [] });
    }
  });
});
