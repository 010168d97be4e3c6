/**
 * The kernel's thread: a machine of which only the device for calls has anything to do, in step with the clock on the wall.
 *
 * The machine runs as long as anything is due by now, or a little later (what the kernel does takes virtual time, and nobody
 * should wait for it on a real clock); then the thread waits for the bell, until the next event of the machine is due. So
 * a sleep takes as long as it says, and a call as long as two wake-ups of threads.
 *
 * When the gate is closed, calls under way are ended, until nobody is inside; then the machine is stopped, and the thread ends.
 */
import { parentPort, workerData } from "node:worker_threads";
import { monotonicNs, runToEnd, WorkerWords } from "../hosts/threads/index.ts";
import { gateClosed, sharesInside } from "../kernel-sim/lkl/cpu/index.ts";
import { armTimer, createTimer } from "../kernel-sim/timers.ts";
import { createMachine } from "../machine.ts";
import { BELL, GATE, HALTED } from "./mailbox.ts";
import type { FromKernel, KernelStart } from "./messages.ts";
import { cancelCalls, SyscallDevice } from "./syscall-device.ts";

/** How far ahead of the wall the machine may be: less than it takes to wake a thread. */
const AHEAD_NS = 20_000;
/** The longest wait for the bell. */
const LOOK_AGAIN_NS = 1e9;
/** Never due: with it the machine is never without anything that could happen, and so never deadlocked. */
const KEEP_ALIVE_NS = 3600e9;
/** How long callers that have been told may take to leave. */
const LEAVE_NS = 5e9;

const { mailboxes, callers, config } = workerData as KernelStart;
const words = new WorkerWords(mailboxes, 0, () => undefined);
const bells = new Int32Array(mailboxes);

const machine = createMachine({ profile: "ideal", ...config, sharedMemory: true });
const { kernel } = machine;
const device = new SyscallDevice(machine, mailboxes, callers);
const keepAlive = createTimer(kernel, () => undefined);
const zeroNs = monotonicNs() - kernel.host.now;
const wallNs = (): number => monotonicNs() - zeroNs;

say({ kind: "booted", memory: kernel.buffer as SharedArrayBuffer });
serve();
say({ kind: "halted", report: halt() });

function serve(): void {
  const isAhead = (): boolean => machine.host.nextNs > wallNs() + AHEAD_NS;
  while (!runToEnd(gateClosed(words, GATE))) {
    const bell = Atomics.load(bells, BELL >> 2);
    const nowNs = wallNs();
    device.look(nowNs);
    armTimer(kernel, keepAlive, 0, Math.max(nowNs, kernel.host.now) + KEEP_ALIVE_NS);
    if (!isAhead()) machine.run({ stop: isAhead });
    device.look(wallNs());
    const waitNs = Math.min(machine.host.nextNs - wallNs() - AHEAD_NS, LOOK_AGAIN_NS);
    if (waitNs > 0) runToEnd(words.waitWord(BELL, bell, waitNs));
  }
}

function halt(): { cancelled: number; tasks: number } {
  let cancelled = 0;
  const deadlineNs = monotonicNs() + LEAVE_NS;
  // Whoever was in the gate when it was closed may post only now.
  while (runToEnd(sharesInside(words, GATE)) > 0 && monotonicNs() < deadlineNs) {
    cancelled += cancelCalls(bells, callers, HALTED);
    const gate = Atomics.load(bells, GATE.gate >> 2);
    if (runToEnd(sharesInside(words, GATE)) > 0) runToEnd(words.waitWord(GATE.gate, gate, 1e6));
  }
  const tasks = kernel.live;
  machine.halt();
  return { cancelled, tasks };
}

function say(message: FromKernel): void {
  parentPort!.postMessage(message);
}
