/**
 * Breaches of contract in the hardened profile: who broke what. The breaker dies, and nobody else.
 *
 * SIGSEGV that no handler catches: a caught one would leave a thread in user space that neither side keeps the books of.
 * The log is bounded, since user space decides how often it breaches (F48). Source: force_fatal_sig(); v0.5 sends SIGKILL.
 */
import { SIGSEGV } from "../kernel-sim/constants.ts";
import type { Kernel } from "../kernel-sim/kernel.ts";
import { forceSignal } from "../kernel-sim/signals.ts";
import { TRACE_UMCG_DIE } from "../trace/events.ts";
import { dieReason } from "./die-reasons.ts";

/** A breach of UMCG's contract that killed a task. */
export interface Breach {
  readonly tid: number;
  readonly name: string;
  /** DIE_ number, and what it says. */
  readonly reason: number;
  readonly message: string;
}

const MAX_LOGGED = 256;

/** The breaches on a machine, the first 256 of them in order. */
export class Breaches {
  readonly #kernel: Kernel;
  /** The first 256. */
  readonly log: Breach[] = [];

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** Kills `tid`, which may be another task than the current one. It stops nothing that is under way. */
  kill(tid: number, reason: number): void {
    const kernel = this.#kernel;
    if (kernel.trace.on) kernel.emit(TRACE_UMCG_DIE, tid, reason, 0);
    if (this.log.length < MAX_LOGGED) {
      const name = kernel.names.of(tid);
      const message = `${name} (tid ${tid}) broke the UMCG contract: ${dieReason(reason)}`;
      this.log.push({ tid, name, reason, message });
    }
    kernel.dispositions.reset(tid, SIGSEGV);
    forceSignal(kernel, tid, SIGSEGV);
  }
}
