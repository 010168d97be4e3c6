/** Words for the numbers in a machine's trace: the one place that knows the rooms they come from. */
import {
  NR_UMCG_CTL,
  NR_UMCG_WAIT,
  syscallName,
  WAIT_UMCG_IDLE,
  waitReason,
} from "../kernel-sim/constants.ts";
import { IDLE_UNDECIDED } from "../kernel-sim/idle-governor.ts";
import type { Kernel } from "../kernel-sim/kernel.ts";
import { CPU_STATE_NAMES } from "../kernel-sim/smp/cpu-state.ts";
import { ipiNames } from "../kernel-sim/smp/mailbox.ts";
import type { Machine } from "../machine.ts";
import { hex32, type TraceNames } from "../trace/names.ts";
import type { UmcgNumbers } from "../trace/umcg-roles.ts";
import { UMCG_CTL_REGISTER, UMCG_CTL_UNREGISTER, UMCG_CTL_WORKER } from "../umcg/abi.ts";
import { dieReason } from "../umcg/die-reasons.ts";

/** By what UMCG is recognised in a trace. */
export const UMCG_NUMBERS: UmcgNumbers = {
  ctl: NR_UMCG_CTL,
  wait: NR_UMCG_WAIT,
  register: UMCG_CTL_REGISTER,
  unregister: UMCG_CTL_UNREGISTER,
  worker: UMCG_CTL_WORKER,
  idleReason: WAIT_UMCG_IDLE,
};

export function traceNames({ kernel, costs }: Machine): TraceNames {
  return namesOf(kernel, (index) => costs.idleStates[index]?.name ?? hex32(index));
}

/** Of a machine of real threads, whose idle vCPUs have one state. */
export function threadTraceNames(kernel: Kernel): TraceNames {
  return namesOf(kernel, () => "idle");
}

function namesOf(kernel: Kernel, idleState: (index: number) => string): TraceNames {
  return {
    taskName: (tid) => kernel.names.of(tid),
    idleState: (index) => (index === IDLE_UNDECIDED ? "undecided" : idleState(index)),
    waitReason,
    syscallName,
    dieReason,
    ipiKind: ipiNames,
    cpuState: (state) => CPU_STATE_NAMES[state] ?? hex32(state),
  };
}
