/** What holds for every program on every machine. */

import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { NR_INTERRUPT } from "../../src/kernel-sim/constants.ts";
import { isRealtime } from "../../src/kernel-sim/sched-table.ts";
import {
  TRACE_SCHED_SWITCH,
  TRACE_SCHED_WAKEUP,
  TRACE_SYS_ENTER,
  TRACE_SYS_EXIT,
  TRACE_TASK_EXIT,
  TRACE_TASK_NEW,
  TRACE_WAKEUP_DIRECT,
} from "../../src/trace/events.ts";
import { boot, priceOf } from "../../test/support/boot.ts";
import { cpuOf, cpusOf, idleCpus, mayRunOn, sharesLlc, taskOf } from "../../test/support/inspect.ts";
import { runOut, spawnPlan } from "../../test/support/random-program.ts";
import { flawsOf, heldNs, staysOf } from "../../test/support/timeline.ts";
import { watcher } from "../../test/support/trace-log.ts";
import {
  anyMachine,
  anyPlan,
  everyMachine,
  globalMachine,
  plainMachine,
  unboundPlan,
} from "./arbitraries.ts";

describe("any program on any machine", () => {
  test.prop([everyMachine, anyPlan])(
    "has a timeline without flaws, within every task's affinity",
    (config, plan) => {
      const { machine, log } = boot({ ...config, traceEvents: 1 });
      const strays: string[] = [];
      machine.trace.addSink(
        watcher(({ kind, tid, cpu, timeNs }) => {
          if (kind !== TRACE_SCHED_SWITCH || tid === 0 || mayRunOn(machine, tid, cpu)) return;
          strays.push(`task ${tid} runs on ${cpu} at ${timeNs}`);
        }),
      );
      spawnPlan(machine, plan);
      runOut(machine);
      expect(flawsOf(log)).toEqual([]);
      expect(strays).toEqual([]);
    },
  );

  // The plain rules only: EEVDF charges a CPU's current task by the clock of a waker, which may be ahead of the CPU's own.
  // No affinity changes: a CPU may have to wait for the one that sends it a task, and that is nobody's time.
  test.prop([plainMachine, unboundPlan])("accounts for every ns of every CPU", (config, plan) => {
    const { machine, log } = boot(config);
    spawnPlan(machine, plan);
    const { virtualNs } = runOut(machine);
    const stays = staysOf(log);
    const change = priceOf(machine, "switch");
    let run = 0;
    for (const { tid } of log.all({ kind: TRACE_TASK_NEW })) {
      const { execNs } = taskOf(machine, tid);
      expect(execNs).toBe(heldNs(stays, tid, change));
      expect(execNs).toBeLessThanOrEqual(virtualNs);
      run += execNs;
    }
    let idle = 0;
    for (const [cpu, { idleNs }] of cpusOf(machine).entries()) {
      expect(idleNs).toBe(heldNs(stays, 0, change, cpu));
      idle += idleNs;
    }
    const switches = stays.filter(({ next }) => next !== 0).length;
    const ends = new Map(stays.map(({ cpu, toNs }) => [cpu, toNs]));
    const wall = [...ends.values()].reduce((a, b) => a + b, 0);
    expect(run + idle + switches * change).toBe(wall);
  });

  test.prop([everyMachine, anyPlan])("ends, or all that is left waits for somebody else", (config, plan) => {
    const { machine, log } = boot(config);
    spawnPlan(machine, plan);
    const { deadlocked } = runOut(machine);
    const waits = machine.waiters();
    expect(deadlocked).toBe(waits.length > 0);
    for (const { reason } of waits)
      expect(["futex", "eventfd read", "pipe read", "pipe write", "join"]).toContain(reason);
    const born = log.count({ kind: TRACE_TASK_NEW });
    expect(log.count({ kind: TRACE_TASK_EXIT })).toBe(born - waits.length);
    // Nobody is left on a run queue.
    for (const { running, load, current } of cpusOf(machine))
      expect([running, load, current]).toEqual([0, 0, 0]);
  });

  test.prop([everyMachine, anyPlan])(
    "has a system call of one task at a time, each left before the next",
    (config, plan) => {
      const { machine, log } = boot(config);
      spawnPlan(machine, plan);
      runOut(machine);
      // Handlers run within the exit of a call and make none here.
      const inside = new Map<number, number>();
      for (const { kind, tid, arg0 } of log.events) {
        if (kind === TRACE_SYS_ENTER) {
          expect(inside.has(tid)).toBe(false);
          inside.set(tid, arg0);
        } else if (kind === TRACE_SYS_EXIT && arg0 !== NR_INTERRUPT) {
          // Interrupts come in user mode: outside every call, or in a handler that runs at the end of one.
          expect(inside.get(tid)).toBe(arg0);
          inside.delete(tid);
        }
      }
      expect(inside.size).toBeGreaterThanOrEqual(machine.waiters().length);
    },
  );

  test.prop([anyMachine, fc.constantFrom("any" as const, "sync" as const), anyPlan])(
    "never queues a task behind another while a CPU of that LLC is idle that it may use",
    (config, wake, plan) => {
      const { machine } = boot({ ...config, wake, traceEvents: 1 });
      const flaws: string[] = [];
      const created = new Set<number>();
      machine.trace.addSink(
        watcher(({ kind, tid, cpu, arg0, timeNs }) => {
          if (kind === TRACE_TASK_NEW) created.add(tid);
          if (kind !== TRACE_SCHED_WAKEUP) return;
          // Where there are cores or LLCs to choose from, a new task goes to the group with the least to do, as in Linux:
          // the idle thread of a core whose other thread has a queue of bound tasks is passed over.
          const placed = created.delete(tid) && machine.kernel.topology.levels.length > 1;
          if (placed || arg0 !== TRACE_WAKEUP_DIRECT) return;
          // A real-time task stays where it was and preempts there.
          if (isRealtime(machine.kernel.scheduling.policy(tid))) return;
          if (cpuOf(machine, cpu).running <= 1) return;
          const free = idleCpus(machine).filter(
            (other) => mayRunOn(machine, tid, other) && sharesLlc(machine, cpu, other),
          );
          if (free.length > 0)
            flaws.push(`task ${tid} waits on ${cpu} at ${timeNs}; ${free.join()} are idle`);
        }),
      );
      spawnPlan(machine, plan);
      runOut(machine);
      expect(flaws).toEqual([]);
    },
  );

  test.prop([globalMachine, anyPlan])(
    "leaves no CPU idle while a task waits in the global queue that it may run",
    (config, plan) => {
      const { machine } = boot({ ...config, traceEvents: 1 });
      const flaws: string[] = [];
      const tids = new Set<number>();
      machine.trace.addSink(
        watcher(({ kind, tid, timeNs }) => {
          if (kind === TRACE_TASK_NEW) tids.add(tid);
          const waiting = [...tids].filter((task) => {
            const { queued, cpu } = taskOf(machine, task);
            return queued && cpuOf(machine, cpu).current !== task;
          });
          // A CPU on its way out of idle will take one.
          const coming = cpusOf(machine).filter(({ idle, current }) => !idle && current === 0).length;
          for (const cpu of idleCpus(machine)) {
            const its = waiting.filter((task) => mayRunOn(machine, task, cpu));
            if (its.length > coming) flaws.push(`${its.join()} wait at ${timeNs}, ${cpu} is idle`);
          }
        }),
      );
      spawnPlan(machine, plan);
      runOut(machine);
      expect(flaws).toEqual([]);
    },
  );
});
