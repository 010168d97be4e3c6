/** What a machine's `idle` means on the idle states of its cost model: the name of one of them, or of a governor. */
import { MachineError } from "../../kernel-sim/errors.ts";
import { IDLE_GOVERNORS, type IdlePolicy } from "../../kernel-sim/idle-governor.ts";
import type { CostModel } from "./cost-model.ts";

/**
 * Undefined: the profile's own state. Haltpoll goes on to the profile's own state, or to the first that does not poll.
 * Throws ERR_CONFIG.
 */
export function idlePolicy(costs: CostModel, name: string | undefined): IdlePolicy {
  const states = costs.idleStates;
  const governor = IDLE_GOVERNORS.find((candidate) => candidate === name);
  const halts = (state: number): boolean => state >= 0 && !states[state]!.polls;
  if (governor !== undefined) {
    const own = costs.defaultIdleState;
    const state = halts(own) ? own : states.findIndex(({ polls }) => !polls);
    if (governor === "haltpoll" && !(halts(state) && states.some(({ polls }) => polls)))
      throw bad("another than haltpoll, which needs a state that polls and one that does not", name);
    return { states, governor, state: Math.max(0, state) };
  }
  const names = states.map((state) => state.name);
  const state = name === undefined ? costs.defaultIdleState : names.indexOf(name);
  if (state < 0) throw bad(`one of ${[...names, ...IDLE_GOVERNORS].join(", ")}`, name);
  return { states, governor: undefined, state };
}

function bad(wanted: string, got: unknown): MachineError {
  return new MachineError("ERR_CONFIG", `idle must be ${wanted}, got ${String(got)}`);
}
