/** What sys_umcg_wait may answer: I10, I11, I13 to I16, I35 and I37, judged when the call is over. */
import { EFAULT, EINTR, ESRCH, ETIMEDOUT } from "../../atomics/errno.ts";
import type { Kernel } from "../../kernel-sim/kernel.ts";
import { UMCG_TASK_RUNNING, UMCG_WAIT_WAKE_ONLY } from "../abi.ts";
import type { Findings } from "./findings.ts";
import type { Party } from "./party.ts";
import type { Roster } from "./roster.ts";
import { stateBits } from "./state-words.ts";

/** A call under way, and how its caller stood when it began. */
export interface WaitCall {
  readonly party: Party;
  readonly wakeOnly: boolean;
  readonly deadlineNs: number;
  readonly kernelWrites: number;
  readonly sleeps: number;
  readonly pushes: number;
  readonly preemptions: number;
}

export class WaitWatch {
  readonly #kernel: Kernel;
  readonly #roster: Roster;
  readonly #findings: Findings;

  constructor(kernel: Kernel, roster: Roster, findings: Findings) {
    this.#kernel = kernel;
    this.#roster = roster;
    this.#findings = findings;
  }

  begin(party: Party, flags: number, deadlineNs: number): WaitCall {
    const wakeOnly = (flags & UMCG_WAIT_WAKE_ONLY) !== 0;
    party.waits = !wakeOnly;
    const { kernelWrites, sleeps, pushes, preemptions } = party;
    return { party, wakeOnly, deadlineNs, kernelWrites, sleeps, pushes, preemptions };
  }

  end(call: WaitCall, result: number): void {
    const { party } = call;
    party.waits = false;
    if (call.wakeOnly) this.#untouched(call, 13, result);
    else if (result === 0) this.#woken(party);
    else if (result === -ETIMEDOUT) this.#timedOut(call);
    // A fault may come when the target has been woken and the word unlocked.
    else if (result !== -EINTR && result !== -EFAULT)
      this.#untouched(call, result === -ESRCH ? 14 : 37, result);
  }

  /** I13, I14, I37: the call has neither changed the caller's word nor slept. */
  #untouched(call: WaitCall, n: number, result: number): void {
    const { party } = call;
    if (party.kernelWrites !== call.kernelWrites)
      this.#findings.fail(n, `the kernel changed the caller's word in a call that returned ${result}`, party);
    if (party.sleeps !== call.sleeps)
      this.#findings.fail(n, `the caller slept in a call that returned ${result}`, party);
  }

  #woken(party: Party): void {
    if (stateBits(this.#roster.word(party.state)) !== UMCG_TASK_RUNNING)
      this.#findings.fail(10, "its wait returned 0", party);
    if (!party.woken)
      this.#findings.breach(11, "its wait returned 0, and nobody made it RUNNING since it was IDLE", party);
    party.woken = false;
  }

  #timedOut(call: WaitCall): void {
    const { party, deadlineNs } = call;
    const { now } = this.#kernel.host;
    if (deadlineNs === 0 || now < deadlineNs)
      this.#findings.fail(16, `-ETIMEDOUT at ${now} with the deadline ${deadlineNs}`, party);
    if (!party.worker) {
      if (party.woken) this.#findings.fail(15, "-ETIMEDOUT, and somebody had made it RUNNING", party);
      return;
    }
    // Run, it may be preempted before it is back in user mode.
    const pushes = party.pushes - call.pushes - (party.preemptions - call.preemptions);
    if (pushes !== 1 || !party.woken) this.#findings.fail(35, `-ETIMEDOUT after ${pushes} pushes`, party);
    party.woken = false;
  }
}
