/**
 * S37: everything that CPUs do to each other, at random and at once, with the invariants of an SMP machine looked at after each
 * event. The numbers U1 to U32 are those of docs/smp.md.
 */
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import type { Addr } from "../../src/atomics/address.ts";
import type { Coroutine } from "../../src/atomics/step.ts";
import { IDLE_ASLEEP } from "../../src/kernel-sim/cpu-table.ts";
import { callAndWait, callFunction, callNumber } from "../../src/kernel-sim/smp/call-function.ts";
import { CPU_READY } from "../../src/kernel-sim/smp/cpu-state.ts";
import {
  holdInterruptsOff,
  IRQ_OFF,
  IRQ_ON,
  irqDisable,
  irqEnable,
  PEND_CLASSES,
} from "../../src/kernel-sim/smp/interrupts.ts";
import { raiseIrq, requestIrq, setIrqAffinity } from "../../src/kernel-sim/smp/irq-routing.ts";
import type { Machine, MachineConfig } from "../../src/machine.ts";
import type { Env } from "../../src/umcg/env.ts";
import { boot } from "../../test/support/boot.ts";
import { runOut } from "../../test/support/random-program.ts";

type Deed =
  | { readonly do: "work" | "sleep" | "off"; readonly ns: number }
  | { readonly do: "yield" | "fork" | "barrier" | "getcpu" }
  | { readonly do: "wait" | "wake"; readonly word: number }
  | { readonly do: "move" | "call" | "direct"; readonly cpu: number }
  | { readonly do: "callAll"; readonly cpus: readonly number[]; readonly off: boolean }
  | { readonly do: "device"; readonly line: number };

const LINES = 3;
const WORDS = 3;
const cpuNumber = fc.nat(63);
const ns = fc.oneof(fc.nat(500), fc.nat(20_000), fc.nat(2_000_000));
const deed: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({ do: fc.constantFrom("work", "sleep", "off" as const), ns }),
  fc.record({ do: fc.constantFrom("yield", "fork", "barrier", "getcpu" as const) }),
  fc.record({ do: fc.constantFrom("wait", "wake", "wake" as const), word: fc.nat(WORDS - 1) }),
  fc.record({ do: fc.constantFrom("move", "call", "direct" as const), cpu: cpuNumber }),
  fc.record({
    do: fc.constant("callAll" as const),
    cpus: fc.uniqueArray(cpuNumber, { maxLength: 5 }),
    off: fc.boolean(),
  }),
  fc.record({ do: fc.constant("device" as const), line: fc.nat(LINES - 1) }),
);
const storm: fc.Arbitrary<Deed[][]> = fc.array(fc.array(deed, { minLength: 1, maxLength: 25 }), {
  minLength: 1,
  maxLength: 12,
});
const config: fc.Arbitrary<MachineConfig> = fc.record({
  vcpus: fc.integer({ min: 1, max: 6 }),
  idle: fc.constantFrom("poll", "c1", "c6"),
  fair: fc.constantFrom("virtual-time", "eevdf-6.12", "eevdf-7.2"),
  jitter: fc.boolean(),
  seed: fc.nat(),
  boot: fc.record({
    faults: fc.record({ refusedSends: fc.nat(3), spuriousWakes: fc.nat(50), noThread: fc.constant([]) }),
  }),
});

class Storm {
  readonly machine: Machine;
  readonly word: Addr;
  readonly fn: number;
  /** Calls that were queued, and runs. */
  asked = 0;
  ran = 0;
  raised = 0;
  handled = 0;

  constructor(machine: Machine) {
    this.machine = machine;
    this.word = machine.allocate(4 * WORDS + 8);
    this.fn = callNumber(machine.kernel, () => {
      this.ran++;
    });
    for (let line = 0; line < LINES; line++) requestIrq(machine.kernel, () => this.handled++);
  }

  *perform(env: Env, deeds: readonly Deed[]): Coroutine<void> {
    for (const one of deeds) yield* this.#do(env, one);
  }

  *#do(env: Env, one: Deed): Coroutine<void> {
    const { kernel } = this.machine;
    const { sys } = env;
    const count = kernel.smp.count;
    const word = (n: number): Addr => (this.word + 4 * n) as Addr;
    switch (one.do) {
      case "work":
        return yield* env.work(one.ns);
      case "sleep":
        yield* sys.nanosleep(one.ns);
        return;
      case "off":
        return yield* holdInterruptsOff(kernel, one.ns);
      case "yield":
        yield* sys.schedYield();
        return;
      case "fork":
        yield* sys.join(yield* env.spawn((own) => own.sys.nanosleep(700)));
        return;
      case "barrier":
        expect(yield* sys.membarrier()).toBe(0);
        return;
      case "getcpu":
        yield* sys.getcpu(word(WORDS));
        return;
      case "wait":
        yield* sys.futexWait(word(one.word), 0);
        return;
      case "wake":
        yield* sys.futexWake(word(one.word), 2);
        return;
      case "move":
        yield* sys.schedSetaffinity(0, [one.cpu % count, (one.cpu + 1) % count]);
        expect([one.cpu % count, (one.cpu + 1) % count]).toContain(env.cpu());
        return;
      case "call":
        yield* sys.gettid();
        if (callFunction(kernel, one.cpu % count, this.fn, 0) === "queued") this.asked++;
        return;
      case "direct":
        setIrqAffinity(kernel, one.cpu % LINES, one.cpu % 2 === 0 ? undefined : one.cpu % count);
        return;
      case "device":
        if (raiseIrq(kernel, one.line, env.cpu()) === "raised") this.raised++;
        return;
      case "callAll": {
        const targets = [...new Set(one.cpus.map((cpu) => cpu % count))];
        if (one.off) irqDisable(kernel);
        const unanswered = yield* callAndWait(kernel, targets, this.fn, 0);
        if (one.off) yield* irqEnable(kernel);
        // With interrupts off there is no waiting for a place, nor for whom waits for oneself.
        const excuses = ["stopped", ...(one.off ? ["deadlock", "queue full"] : [])];
        expect(unanswered.filter(({ why }) => !excuses.includes(why))).toEqual([]);
        this.asked += targets.length - unanswered.length;
      }
    }
  }
}

/** What is wrong with a machine between two events. */
function flaws({ kernel }: Machine): string[] {
  const { cpus, smp, callQueues, fair, tasks } = kernel;
  const found: string[] = [];
  const say = (rule: string, holds: boolean, what: string): void => {
    if (!holds) found.push(`${rule}: ${what}`);
  };
  const current = new Set<number>();
  let runnable = 0;
  for (let cpu = 0; cpu < smp.count; cpu++) {
    const curr = cpus.curr(cpu);
    const pending = cpus.pending(cpu);
    const irq = smp.irq(cpu);
    say("U1", smp.state(cpu) === CPU_READY && smp.idleTask(cpu) === cpu + 1, `CPU ${cpu} is not up`);
    say("U7", curr === 0 || !current.has(curr), `task ${curr} is current twice`);
    say("U7", curr === 0 || tasks.cpu(curr) === cpu, `task ${curr} is on CPU ${cpu}, not ${tasks.cpu(curr)}`);
    say("U11", irq === IRQ_ON || irq === IRQ_OFF, `a handler of CPU ${cpu} has not ended`);
    const asleep = cpus.idlePhase(cpu) === IDLE_ASLEEP;
    say("U12", !asleep || (pending & PEND_CLASSES) === 0, `CPU ${cpu} sleeps on what is held`);
    say("U19", !asleep || irq === IRQ_ON, `CPU ${cpu} sleeps with interrupts off`);
    const asked = pending !== 0 || cpus.needResched(cpu) !== 0;
    say("U20", !asleep || !asked || smp.raised(cpu) !== 0, `CPU ${cpu} sleeps, and nothing will wake it`);
    let waits = 0;
    for (let other = 0; other < smp.count; other++) if (callQueues.waitsFor(cpu, other)) waits++;
    say(
      "S11",
      waits === smp.acksLeft(cpu),
      `CPU ${cpu} waits for ${waits} answers, counts ${smp.acksLeft(cpu)}`,
    );
    if (curr !== 0) current.add(curr);
    runnable += fair.nrRunning(cpu);
  }
  let queued = 0;
  for (let tid = 1; tid <= kernel.lastTid; tid++) if (fair.isQueued(tid) && !fair.isDelayed(tid)) queued++;
  say("U32", queued === runnable, `${queued} tasks are runnable, ${runnable} on run queues`);
  return found;
}

describe("a storm", () => {
  test.prop([storm, config])("breaks no invariant, and loses nothing", (plan, own) => {
    const { machine } = boot({ maxTasks: 128, ...own });
    const it = new Storm(machine);
    for (const deeds of plan) machine.spawn((env) => it.perform(env, deeds));
    const found: string[] = [];
    const { deadlocked } = runUntilEnd(machine, found);
    expect(found).toEqual([]);
    // Whoever still waits does so for a wake-up that nobody made.
    if (deadlocked)
      expect(new Set(machine.waiters().map(({ reason }) => reason))).toEqual(new Set(["futex"]));
    machine.host.run();
    const { smp, cpus } = machine.kernel;
    expect(it.ran).toBe(it.asked);
    expect(it.handled).toBeGreaterThanOrEqual(it.raised);
    for (let cpu = 0; cpu < smp.count; cpu++) {
      expect([smp.raised(cpu), smp.acksLeft(cpu)]).toEqual([0, 0]);
      expect(cpus.ipisReceived(cpu)).toBeLessThanOrEqual(
        smp.received(cpu, 0) + smp.received(cpu, 1) + smp.received(cpu, 2),
      );
    }
    const sent = sum(smp.count, (cpu) => cpus.ipisSent(cpu));
    expect(sum(smp.count, (cpu) => cpus.ipisReceived(cpu))).toBe(sent);
  });

  test.prop([storm, config, fc.nat(3_000_000)])(
    "can be stopped at any time: every CPU answers, and nothing happens after (U30)",
    (plan, own, at) => {
      const { machine, log } = boot({ maxTasks: 128, ...own });
      const it = new Storm(machine);
      for (const deeds of plan) machine.spawn((env) => it.perform(env, deeds));
      runOut(machine, at);
      const report = machine.halt();
      expect(report.stragglers).toEqual([]);
      expect(report.stopped).toEqual(machine.boot.ready);
      const events = log.events.length;
      machine.host.run(machine.host.now + 1e9);
      machine.trace.flush();
      expect(log.events).toHaveLength(events);
    },
  );
});

function sum(count: number, of: (cpu: number) => number): number {
  return Array.from({ length: count }, (_, cpu) => of(cpu)).reduce((a, b) => a + b, 0);
}

function runUntilEnd(machine: Machine, found: string[]): { readonly deadlocked: boolean } {
  // A run with a condition of its own; it ends with the first flaw.
  const stop = (): boolean => {
    found.push(...flaws(machine));
    return found.length > 0;
  };
  try {
    machine.run({ stop });
    return { deadlocked: false };
  } catch (error) {
    if (!(error instanceof Error && Reflect.get(error, "code") === "ERR_DEADLOCK")) throw error;
    return { deadlocked: true };
  }
}
