/**
 * What methods of the kernel's tables touch whose names do not say it, and what of the tables nobody can see.
 *
 * A rule is called with the arguments of the method, before it. A method of a table that calls others of its own, or of the task
 * table, is told of by these.
 */
import { type Kernel, PAGE_BUCKETS, pageQueue } from "../../kernel-sim/kernel.ts";
import type { KernelObjects } from "./kernel-objects.ts";
import { fileRules, ownerRules, pageRules, seccompRules } from "./resource-rules.ts";
import { all, nothing, type Rule, type Rules, row } from "./rule.ts";
import type { Touches } from "./touches.ts";

/** Columns that no decision is made from, or that are always the same between two steps of the explore host. */
export const UNSEEN: Readonly<Record<string, readonly string[]>> = {
  // Accounts; times, which have always passed when they are looked at: time stands still but when a timer expires.
  tasks: [
    "onCpuUntil",
    "voluntarySwitches",
    "involuntarySwitches",
    "cacheCpu",
    "workingSet",
    "workLeft",
    "queuedAt",
    "waitNs",
    "migrations",
    "flipDecayAt",
  ],
  cpus: ["switches", "ipisSent", "ipisReceived", "ipisCoalesced", "wakeStart", "idleNs"],
  // Handlers begin and end within a step; a doorbell is for hosts that sleep on it; vectors are only counted.
  smp: ["irq", "irqTask", "held", "doorbell", "raised"],
};

export function rulesOf(
  kernel: Kernel,
  objects: KernelObjects,
  touches: Touches,
): Readonly<Record<string, Rules>> {
  const tasks = kernel.config.maxTasks + 1;
  return {
    tasks: {
      ...all(["allows", "still"], nothing),
      ...all(["addWork", "dropWork"], row(touches, objects.of("tasks.work", tasks)).writes),
      addSigPending: row(touches, objects.of("tasks.sigPending", tasks)).writes,
    },
    cpus: {},
    // The numbers of words; counts; what is settled when the machine comes up.
    smp: {
      ...all(["stateWord", "callHeadWord", "acksWord", "stopLeftWord"], nothing),
      ...all(["received", "countReceived", "setUsable", "isUsable", "usableWord"], nothing),
    },
    fair: fairRules(kernel, objects, touches),
    waits: waitRules(kernel, objects, touches),
    timers: timerRules(kernel, objects, touches),
    seccomp: seccompRules(kernel, objects, touches),
    pages: pageRules(objects, touches),
    record: {
      // Nobody asks for them but at the end, and in bounds that are not met.
      ...all(["live", "addLive", "gone", "addGone"], nothing),
      moveUserTop: () => touches.write(objects.of("record.userTop")),
    },
    ...ownerRules(kernel, objects, touches),
    ...loadRules(kernel, objects, touches),
    ...fileRules(kernel, objects, touches),
  };
}

function fairRules(kernel: Kernel, objects: KernelObjects, touches: Touches): Rules {
  const { vcpus, maxTasks } = kernel.config;
  const queue = objects.of("fair.queue", vcpus);
  const count = objects.of("fair.nrRunning", vcpus);
  const gives = objects.of("fair.gives", vcpus);
  const queued = objects.of("fair.isQueued", maxTasks + 1);
  const counts: Rule = (cpu) => touches.read(count + cpu!);
  const joins: Rule = (cpu, tid) => {
    touches.write(queued + tid!);
    touches.write(count + cpu!);
    touches.write(queue + cpu!);
  };
  const idle = ["update", "wakeQueued", "wakeupPreempts", "tick", "sliceOver", "sliceLeft", "beginSlice"];
  const constant = ["migrate", "setPolicy", "expect", "reweight", "isDelayed", "weight", "sliceNs"];
  const times = ["vruntime", "sumExec", "chargedUntil", "minVruntime", "clear"];
  return {
    ...all([...idle, ...constant, ...times], nothing),
    enqueue: joins,
    dequeueWaiting: joins,
    preempt: row(touches, gives).writes,
    yieldCurrent: row(touches, gives).writes,
    sleepCurrent(cpu, tid) {
      touches.write(queued + tid!);
      touches.write(count + cpu!);
      touches.write(gives + cpu!);
    },
    pick(cpu) {
      touches.read(queue + cpu!);
      touches.read(gives + cpu!);
    },
    putBack: row(touches, queue).writes,
    begin(cpu) {
      touches.write(queue + cpu!);
      touches.write(gives + cpu!);
    },
    firstWaiting: row(touches, queue).reads,
    nextWaiting: () => {
      for (let cpu = 0; cpu < vcpus; cpu++) touches.read(queue + cpu);
    },
    prepare: row(touches, queued).writes,
    isQueued: row(touches, queued).reads,
    nrRunning: counts,
    nrQueued: counts,
    load: counts,
  };
}

function waitRules(kernel: Kernel, objects: KernelObjects, touches: Touches): Rules {
  const { tasks } = kernel;
  const queue = objects.of("waits.queue", pageQueue(kernel, PAGE_BUCKETS));
  const leave = (tid: number | undefined): void => {
    const on = tasks.waitQueue(tid!);
    if (on !== 0) touches.write(queue + on - 1);
  };
  return {
    first: row(touches, queue).reads,
    after: nothing,
    bothOf: nothing,
    all: nothing,
    add: row(touches, queue).writes,
    remove: leave,
    move(to, tid) {
      leave(tid);
      touches.write(queue + to!);
    },
  };
}

function timerRules({ timers, config }: Kernel, objects: KernelObjects, touches: Touches): Rules {
  const queue = objects.of("timers.queue", config.vcpus);
  const timer = objects.of("timers.timer", timers.capacity + 1);
  const ofTimer = row(touches, timer).reads;
  return {
    first: row(touches, queue).reads,
    nextNs: row(touches, queue).reads,
    isArmed: ofTimer,
    cpuOf: ofTimer,
    softNs: ofTimer,
    hardNs: ofTimer,
    arm(at, cpu) {
      touches.write(timer + at!);
      touches.write(queue + cpu!);
    },
    cancel(at) {
      if (!timers.isArmed(at!)) return;
      touches.write(timer + at!);
      touches.write(queue + timers.cpuOf(at!));
    },
  };
}

function loadRules(
  { config }: Kernel,
  objects: KernelObjects,
  touches: Touches,
): Readonly<Record<string, Rules>> {
  const busy = objects.of("llcs.busy", config.vcpus);
  const idle = objects.of("balance.averageIdle", config.vcpus);
  const costs = objects.of("balance.costs");
  const policy = objects.of("scheduling", config.maxTasks + 1);
  const calls = objects.of("callQueues", config.vcpus);
  const answers = objects.of("callQueues.waitsFor");
  const writesCosts: Rule = () => touches.write(costs);
  return {
    llcs: { setBusy: row(touches, busy).writes, utilisation: row(touches, busy).reads },
    balance: {
      averageIdleNs: row(touches, idle).reads,
      addIdle: row(touches, idle).writes,
      noteSearchCost: writesCosts,
      pullCostNs: writesCosts,
      notePullCost: writesCosts,
    },
    scheduling: {
      policy: row(touches, policy).reads,
      nice: row(touches, policy).reads,
      priority: row(touches, policy).reads,
      set: row(touches, policy).writes,
    },
    callQueues: {
      isEmpty: row(touches, calls).reads,
      push: row(touches, calls).writes,
      pop: row(touches, calls).writes,
      waitsFor: () => touches.read(answers),
      setWaitsFor: () => touches.write(answers),
    },
  };
}
