/** Words for the numbers in a machine's trace: the one place that knows the rooms they come from. */
import { syscallName, waitReason } from "../kernel-sim/constants.ts";
import { IDLE_UNDECIDED } from "../kernel-sim/idle-governor.ts";
import { CPU_STATE_NAMES } from "../kernel-sim/smp/cpu-state.ts";
import { ipiNames } from "../kernel-sim/smp/mailbox.ts";
import type { Machine } from "../machine.ts";
import { hex32, type TraceNames } from "../trace/names.ts";
import { dieReason } from "../umcg/die-reasons.ts";

export function traceNames({ kernel, costs }: Machine): TraceNames {
  return {
    taskName: (tid) => kernel.names.of(tid),
    idleState: (index) =>
      index === IDLE_UNDECIDED ? "undecided" : (costs.idleStates[index]?.name ?? hex32(index)),
    waitReason,
    syscallName,
    dieReason,
    ipiKind: ipiNames,
    cpuState: (state) => CPU_STATE_NAMES[state] ?? hex32(state),
  };
}
