/** The states of a CPU: which may follow which, and that the setter is a compare-and-exchange. */
import { describe, expect, test } from "vitest";
import {
  CPU_ABSENT,
  CPU_CREATED,
  CPU_FAILED,
  CPU_FAILURES,
  CPU_PRESENT,
  CPU_READY,
  CPU_RELEASED,
  CPU_STARTING,
  CPU_STATE_NAMES,
  CPU_STOPPED,
  CPU_STOPPING,
  cpuMayChange,
  FAIL_NO_TIMER,
  setCpuState,
} from "../../../src/kernel-sim/smp/cpu-state.ts";
import { TRACE_CPU_STATE } from "../../../src/trace/events.ts";
import { boot } from "../../support/boot.ts";

/** Every edge, by name. */
const EDGES = [
  "absent created",
  "created present",
  "created failed",
  "present released",
  "present failed",
  "released starting",
  "released failed",
  "starting ready",
  "starting failed",
  "ready stopping",
  "stopping stopped",
];

describe("the edges", () => {
  test("are those of the table, and no others", () => {
    const allowed = CPU_STATE_NAMES.flatMap((from, a) =>
      CPU_STATE_NAMES.flatMap((to, b) => (cpuMayChange(a, b) ? [`${from} ${to}`] : [])),
    );
    expect(allowed.sort()).toEqual([...EDGES].sort());
  });

  test("the names are those of the numbers", () => {
    expect(CPU_STATE_NAMES[CPU_ABSENT]).toBe("absent");
    expect(CPU_STATE_NAMES[CPU_CREATED]).toBe("created");
    expect(CPU_STATE_NAMES[CPU_PRESENT]).toBe("present");
    expect(CPU_STATE_NAMES[CPU_RELEASED]).toBe("released");
    expect(CPU_STATE_NAMES[CPU_STARTING]).toBe("starting");
    expect(CPU_STATE_NAMES[CPU_READY]).toBe("ready");
    expect(CPU_STATE_NAMES[CPU_STOPPING]).toBe("stopping");
    expect(CPU_STATE_NAMES[CPU_STOPPED]).toBe("stopped");
    expect(CPU_STATE_NAMES[CPU_FAILED]).toBe("failed");
    expect(CPU_FAILURES).toHaveLength(6);
  });
});

describe("setting a state", () => {
  test("refuses what is no edge", () => {
    const { kernel } = boot({ vcpus: 2 }).machine;
    expect(() => setCpuState(kernel, 1, CPU_READY, CPU_STOPPED)).toThrow("kernel bug: CPU 1: state 5 to 7");
    expect(() => setCpuState(kernel, 1, CPU_STARTING, CPU_FAILED)).toThrow("kernel bug: CPU 1: failure 0");
    expect(() => setCpuState(kernel, 1, CPU_READY, CPU_STOPPING, FAIL_NO_TIMER)).toThrow("failure 5");
    expect(kernel.smp.state(1)).toBe(CPU_READY);
  });

  test("changes nothing when the CPU is elsewhere by now", () => {
    const { kernel } = boot({ vcpus: 2 }).machine;
    expect(setCpuState(kernel, 1, CPU_STARTING, CPU_FAILED, FAIL_NO_TIMER)).toBe(false);
    expect(kernel.smp.state(1)).toBe(CPU_READY);
    expect(kernel.smp.failure(1)).toBe(0);
  });

  test("is traced; a CPU that has come up stays one that tasks may be placed on", () => {
    const { machine, log } = boot({ vcpus: 2 });
    expect([0, 1, 0].map((cpu) => machine.kernel.smp.isUsable(cpu))).toEqual([true, true, true]);
    expect(setCpuState(machine.kernel, 1, CPU_READY, CPU_STOPPING)).toBe(true);
    machine.trace.flush();
    expect(log.single({ kind: TRACE_CPU_STATE })).toMatchObject({
      cpu: 1,
      tid: 0,
      arg0: CPU_STOPPING,
      arg1: CPU_READY,
    });
    expect([0, 1].map((cpu) => machine.kernel.smp.isUsable(cpu))).toEqual([true, true]);
  });
});
