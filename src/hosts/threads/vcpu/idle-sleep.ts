/**
 * A CPU without work: it looks for about as long as waking it would take, then it sleeps on its attention word until the
 * first of its times.
 *
 * Who spins that long and is then woken has lost no more than twice what the best choice would have cost (Karlin et al., 1990).
 * How long a wake-up takes is measured, at each (words.ts); until the first one it is taken for `FIRST_GUESS_NS`. With more CPUs
 * than the machine underneath has cores nobody spins: the core is wanted.
 *
 * A CPU that sleeps without a timer is *dormant*. When all are, and nothing is on its way to any, no task will ever run again: the
 * last to go to sleep says so, unless a device could interrupt, or a host thread that blocks.
 */
import { CPU_READY } from "../../../kernel-sim/smp/cpu-state.ts";
import { monotonicNs } from "../clock.ts";
import type { VcpuHost } from "./host.ts";
import { DORMANT, PHASE_DEADLOCKED, PHASE_RUNNING } from "./words.ts";

const FIRST_GUESS_NS = 20_000;
const LONGEST_SPIN_NS = 100_000;
/** A sleep is no longer than this: then the CPU looks around, whatever was missed. */
const LOOK_NS = 1e9;

export class IdleSleep {
  readonly #host: VcpuHost;
  readonly #spins: boolean;

  /** `spins`: there is a core for each CPU. */
  constructor(host: VcpuHost, spins: boolean) {
    this.#host = host;
    this.#spins = spins;
  }

  /** Lets go of the lock until there is something to do. */
  sleep(): void {
    const host = this.#host;
    const { lock, shared } = host;
    const until = host.nextTimeNs();
    const dormant = until === Number.POSITIVE_INFINITY;
    if (dormant) this.#fallDormant();
    const left = until - host.now;
    lock.release();
    if (!this.#spin(left)) this.#wait(left);
    host.share();
    if (dormant) Atomics.sub(shared.words, DORMANT, 1);
    host.checkWhole();
  }

  #fallDormant(): void {
    const { shared, kernel } = this.#host;
    Atomics.add(shared.words, DORMANT, 1);
    if (shared.phase !== PHASE_RUNNING || kernel.live === 0 || kernel.smp.irqs.handlers.length > 0) return;
    if (!this.#areAllDormant()) return;
    // Once more, with nobody on the way from one to the other: who wakes up counts itself out before it takes what has come.
    this.#host.alone();
    if (this.#areAllDormant()) shared.endAs(PHASE_DEADLOCKED);
  }

  /** Do all CPUs sleep without a timer, and nothing is on its way to any? */
  #areAllDormant(): boolean {
    const { shared, kernel, hostTasks } = this.#host;
    if ((hostTasks?.words.blocking ?? 0) > 0) return false;
    let ready = 0;
    for (let cpu = 0; cpu < shared.vcpus; cpu++) {
      if (kernel.smp.state(cpu) !== CPU_READY) continue;
      ready++;
      if (shared.attention(cpu) !== 0) return false;
    }
    return Atomics.load(shared.words, DORMANT) === ready;
  }

  /** True: there is something to do, or it is time. */
  #spin(leftNs: number): boolean {
    const { shared, cpu } = this.#host;
    if (leftNs <= 0 || shared.attention(cpu) !== 0) return true;
    if (!this.#spins) return false;
    const began = monotonicNs();
    const spin = Math.min(shared.wakeNs(cpu) || FIRST_GUESS_NS, LONGEST_SPIN_NS);
    for (let at = began; at < began + spin; at = monotonicNs()) {
      if (shared.attention(cpu) !== 0 || at - began >= leftNs) return true;
    }
    return false;
  }

  #wait(leftNs: number): void {
    const { shared, cpu } = this.#host;
    shared.setSleeping(cpu, true);
    const word = shared.attentionWord(cpu);
    const outcome = Atomics.wait(shared.words, word, 0, Math.min(leftNs, LOOK_NS) / 1e6);
    shared.setSleeping(cpu, false);
    if (outcome === "ok") shared.woken(cpu);
  }
}
