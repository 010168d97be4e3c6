/**
 * The module of a CPU's Worker: it loads the image, comes up, runs the set-up function in its turn, and is a vCPU until the
 * machine ends.
 */
import { parentPort, workerData } from "node:worker_threads";
import type { Addr } from "../../atomics/address.ts";
import { runToEnd } from "../../hosts/threads/run-to-end.ts";
import { disturb } from "../../hosts/threads/vcpu/disturbed.ts";
import { checkLocks } from "../../hosts/threads/vcpu/guarded-tables.ts";
import { VcpuHost } from "../../hosts/threads/vcpu/host.ts";
import { HostTaskWords } from "../../hosts/threads/vcpu/host-task-words.ts";
import { HostTasks } from "../../hosts/threads/vcpu/host-tasks.ts";
import { IdleSleep } from "../../hosts/threads/vcpu/idle-sleep.ts";
import { MachineGone } from "../../hosts/threads/vcpu/kernel-lock.ts";
import { lockedTables } from "../../hosts/threads/vcpu/locked-tables.ts";
import { KernelSideMemory, UserSideMemory } from "../../hosts/threads/vcpu/memory.ts";
import { OrderedRing } from "../../hosts/threads/vcpu/ordered-ring.ts";
import { Vcpu } from "../../hosts/threads/vcpu/vcpu.ts";
import {
  PHASE,
  PHASE_BOOT,
  PHASE_FAILED,
  PHASE_READY,
  THREAD_LOADED,
  TURN,
  VcpuWords,
} from "../../hosts/threads/vcpu/words.ts";
import { MachineError } from "../../kernel-sim/errors.ts";
import { resolveFault } from "../../kernel-sim/faults.ts";
import { cpuId } from "../../kernel-sim/ids.ts";
import { Kernel } from "../../kernel-sim/kernel.ts";
import { bringUp } from "../../kernel-sim/smp/bring-up.ts";
import { CPU_READY } from "../../kernel-sim/smp/cpu-state.ts";
import { startSecondary } from "../../kernel-sim/smp/secondary.ts";
import { UserSpace } from "../../umcg/env.ts";
import { createUmcg } from "../../umcg/profiles.ts";
import { HostJobs } from "./host-tasks/jobs.ts";
import { enterCpu } from "./image-check.ts";
import { type CpuStart, type FromCpu, failureOf } from "./messages.ts";
import { beginSetUp, runSetUp, SetUp, type SetUpFunction, type SetUpMemories } from "./set-up.ts";

/** How long at a time a Worker waits for its turn. */
const LOOK_MS = 1000;

const start = workerData as CpuStart;
const { buffer, config } = start;
const cpu = cpuId(start.cpu);
const shared = new VcpuWords(buffer, start.hostAt, config.vcpus);
const host = new VcpuHost(shared, cpu, config.tickHz);
const trace = new OrderedRing(start.traceEvents, () => host.lock.ticket);
// What set-up code does is done once, on CPU 0.
trace.on = start.trace && cpu === 0;
const kernel = new Kernel({
  config,
  trace,
  nosleep: start.umcg === "posted" ? "resolve-as-write" : "refuse",
  attach: buffer,
  tables: lockedTables(host.lock, config),
  wrapMemory: (_, side) =>
    side === "kernel" ? new KernelSideMemory(buffer, host) : new UserSideMemory(buffer, host),
  fault: (of) => (a: Addr, write: boolean) => resolveFault(of, a, write),
});
host.attach(kernel, start.umcg === "hardened");
if (start.checkLocks) checkLocks(kernel, host.lock);
const umcg = createUmcg(kernel, start.umcg);
kernel.hooks = umcg;
const userSpace = new UserSpace(kernel, umcg);
host.hostTasks = new HostTasks(host, new HostTaskWords(start.hosts), (slot) =>
  say({ kind: "end-host", slot }),
);
const hosts = new HostJobs(host.hostTasks, say);
const machine = new SetUp(userSpace, { shared, hosts, args: start.args, tell: say });
const vcpu = new Vcpu(host, new IdleSleep(host, start.spin));

try {
  const setUp = await load();
  shared.setThread(cpu, THREAD_LOADED);
  say({ kind: "loaded" });
  live(setUp);
} catch (error) {
  if (!(error instanceof MachineGone)) {
    // Before main is told: from here on nobody waits for this CPU.
    shared.setPhase(PHASE_FAILED);
    say({ kind: "failed", failure: failureOf(error) });
  }
}
say({ kind: "stopped", events: start.trace ? trace.ordered() : [] });

async function load(): Promise<SetUpFunction> {
  enterCpu(cpu);
  const image = (await import(start.image)) as Readonly<Record<string, unknown>>;
  const setUp = image[start.entry];
  if (typeof setUp === "function") return setUp as SetUpFunction;
  throw new MachineError("ERR_IMAGE", `${start.image} exports no function ${start.entry}`);
}

function live(setUp: SetUpFunction): void {
  waitWhile(shared.threadWord(cpu), THREAD_LOADED);
  if (!comeUp()) return;
  // In order of CPUs; the boot CPU is first, and knows that the others wait here.
  for (let turn = turnOf(); turn !== cpu; turn = turnOf()) waitWhile(TURN, turn);
  const of = memories();
  beginSetUp(of, cpu === 0);
  host.acquire();
  runSetUp(machine, setUp, of, cpu === 0);
  host.lock.release();
  const lines = kernel.smp.irqs.handlers.length;
  say({ kind: "ready", names: taskNames(), lines, line: machine.line, hosts: hosts.all });
  Atomics.store(shared.words, TURN, nextTurn());
  Atomics.notify(shared.words, TURN);
  for (const phase of [PHASE_BOOT, PHASE_READY]) waitWhile(PHASE, phase);
  trace.on = start.trace;
  if (start.disturb > 0) disturb(host, start.disturb);
  vcpu.run();
}

/** False: this CPU has failed to come up, and the machine goes on without it. */
function comeUp(): boolean {
  host.acquire();
  if (cpu === 0) {
    const report = runToEnd(bringUp(kernel));
    for (const ready of report.ready) vcpu.begin(ready);
    say({ kind: "booted", report });
    shared.frozenNs = host.now;
  } else runToEnd(startSecondary(kernel, cpu));
  host.lock.release();
  return kernel.smp.state(cpu) === CPU_READY;
}

function turnOf(): number {
  return Atomics.load(shared.words, TURN);
}
function nextTurn(): number {
  let next = cpu + 1;
  while (next < config.vcpus && kernel.smp.state(next) !== CPU_READY) next++;
  return next;
}

function memories(): SetUpMemories {
  return {
    memory: new Uint8Array(buffer, 0, start.hostAt),
    before: new Uint8Array(start.before),
    after: new Uint8Array(start.after),
  };
}

function taskNames(): string[] {
  return Array.from({ length: kernel.lastTid + 1 }, (_, tid) => kernel.names.of(tid));
}

/** Throws MachineGone when the machine fails meanwhile. */
function waitWhile(word: number, value: number): void {
  // Bounded by the machine's life: main ends this thread if all else fails.
  while (Atomics.load(shared.words, word) === value) {
    host.checkWhole();
    Atomics.wait(shared.words, word, value, LOOK_MS);
  }
}

function say(message: FromCpu): void {
  parentPort!.postMessage(message);
}
