/**
 * The threads of CPUs as the kernel asks for them: the Worker of each is there, loaded, before the boot begins (main sees to
 * that, with a deadline), so that to start one is to let it go; and waits are `Atomics.wait` on the words of `smp`.
 */
import type { Coroutine } from "../../../atomics/step.ts";
import type { CpuThreads } from "../../../kernel-sim/host.ts";
import type { CpuId } from "../../../kernel-sim/ids.ts";
import { CPU_READY } from "../../../kernel-sim/smp/cpu-state.ts";
import { irqsOn } from "../../../kernel-sim/smp/interrupts.ts";
import type { VcpuHost } from "./host.ts";
import { THREAD_LOADED, THREAD_STARTED } from "./words.ts";

/** The longest stretch of a wait: of a CPU whose interrupts are on, which others may be waiting for, and of one in its boot. */
const ANSWERING_MS = 0.2;
const DEAF_MS = 20;

export class ThreadCpus implements CpuThreads {
  /** With a load of 25 on two cores a thread has been seen to get none for more than a second. */
  readonly patience = 20;
  /** 5 s: a CPU that was not scheduled for so long is no straggler. */
  readonly panicPatience = 500;
  readonly #host: VcpuHost;

  constructor(host: VcpuHost) {
    this.#host = host;
  }

  startCpu(cpu: CpuId): boolean {
    const { shared } = this.#host;
    if (shared.thread(cpu) !== THREAD_LOADED) return false;
    shared.setThread(cpu, THREAD_STARTED);
    return true;
  }
  /** A CPU's timer is the deadline of its own waits. */
  createTimer(): boolean {
    return true;
  }

  *park(word: number, old: number, deadlineNs: number): Coroutine<void> {
    const host = this.#host;
    const { smp } = host.kernel;
    const ready = smp.state(host.cpu) === CPU_READY;
    const longest = ready && irqsOn(host.kernel) ? ANSWERING_MS : DEAF_MS;
    const left = Math.max(0, deadlineNs - host.now) / 1e6;
    host.lock.release();
    Atomics.wait(smp.words, word, old, Math.min(left, longest));
    host.acquire();
    if (ready) host.interrupts.serve();
    else host.checkWhole();
  }
  unpark(word: number): void {
    Atomics.notify(this.#host.kernel.smp.words, word);
  }
  cpuStopped(): void {}
}
