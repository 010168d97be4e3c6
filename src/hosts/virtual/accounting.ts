/** The accounts of a machine on the virtual host, as data. */
import { type TaskAccount, taskAccounts } from "../../kernel-sim/accounts.ts";
import type { Kernel } from "../../kernel-sim/kernel.ts";
import type { GoneTasks } from "../../kernel-sim/kernel-record.ts";
import type { CpuTime, CpuTimes } from "./cpu-time.ts";
import type { StepAccount, StepLedger } from "./step-ledger.ts";

/** Where a CPU's time went, and what it did. Times in ns. */
export interface CpuAccount extends CpuTimes {
  readonly cpu: number;
  /** Context switches, to idle and back included. */
  readonly switches: number;
  readonly ipisSent: number;
  readonly ipisReceived: number;
  /** Signals to this CPU that needed no IPI of their own. */
  readonly ipisCoalesced: number;
}

/** Where a machine's time went. Times in ns. */
export interface Accounting {
  readonly cpus: readonly CpuAccount[];
  /** All charges, by step and payer. Empty unless the machine was configured with `accounting`. */
  readonly steps: readonly StepAccount[];
  /** Tasks whose slots have not been given to others, exited ones included. */
  readonly tasks: readonly TaskAccount[];
  /** The sum over all other tasks. */
  readonly gone: GoneTasks;
}

export function accounting(
  kernel: Kernel,
  host: { readonly now: number; readonly time: CpuTime; readonly ledger: StepLedger },
): Accounting {
  const { cpus } = kernel;
  const list: CpuAccount[] = [];
  for (let cpu = 0; cpu < cpus.count; cpu++) {
    list.push({
      cpu,
      ...host.time.times(cpu, host.now),
      switches: cpus.switches(cpu),
      ipisSent: cpus.ipisSent(cpu),
      ipisReceived: cpus.ipisReceived(cpu),
      ipisCoalesced: cpus.ipisCoalesced(cpu),
    });
  }
  return { cpus: list, steps: host.ledger.lines(), tasks: taskAccounts(kernel), gone: kernel.record.gone };
}
