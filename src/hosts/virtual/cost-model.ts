/**
 * What the kernel's named steps cost, in ns, and what the idle states cost to leave.
 *
 * `native` is a 2 to 3 GHz server, `guest` a KVM guest without MWAIT: an IPI is a VM exit and idle is HLT. The sum the
 * project is held to, a hand-off on one CPU, is syscall + wake + syscall/2 + block + switch + syscall/2:
 * 75 + 350 + 75 + 250 + 500 = 1250 ns native, 120 + 400 + 120 + 350 + 700 = 1690 ns guest.
 * The source of each figure is in docs/costs.md.
 */
import type { IdleStateRules } from "../../kernel-sim/idle-governor.ts";
import { STEP_NAMES, type StepName } from "../../kernel-sim/steps.ts";
import type { StepSources } from "./cost-sources.ts";

/** An idle state, and what it costs to leave it. */
export interface IdleState extends IdleStateRules {
  /** Hardware exit latency by time spent asleep: the last entry whose `fromNs` is not above it counts. */
  readonly exit: readonly { readonly fromNs: number; readonly ns: number }[];
}

/** A cost profile: the price of each named step, ns (docs/costs.md), and the idle states. */
export interface CostModel {
  readonly name: string;
  readonly steps: Readonly<Record<StepName, number>>;
  readonly idleStates: readonly IdleState[];
  /** Index of the state an idle CPU enters unless told otherwise. */
  readonly defaultIdleState: number;
  /** Where the prices come from, if the profile tells. */
  readonly sources?: StepSources;
}

function always(name: string, polls: boolean, ns: number, targetResidencyNs: number): IdleState {
  return { name, polls, targetResidencyNs, exit: [{ fromNs: 0, ns }] };
}

// The poll loop notices within the cache-line transfer that the waker's store causes; it has no latency of its own.
const POLL: IdleState = always("poll", true, 0, 0);

const NATIVE: CostModel = {
  name: "native",
  steps: {
    syscallEntry: 37,
    syscallExit: 38,
    wake: 350,
    idleScan: 10,
    block: 250,
    switch: 500,
    cacheLine: 25,
    ipiSend: 220,
    ipiDeliver: 800,
    idleLoopExit: 500,
    timerArm: 100,
    timerInterrupt: 2500,
    tick: 1500,
    minorFault: 500,
    threadCreate: 12000,
    timerReprogram: 100,
    cacheLineSmt: 8,
    cacheLineLlc: 100,
    cacheLineSocket: 150,
    refillNear: 51,
    refillFar: 128,
  },
  // MWAIT-based states poll their flag line too, but in depth: they are woken by an IPI here as `c1` with HLT would be.
  idleStates: [
    POLL,
    always("c1", false, 1000, 2_000),
    always("c1e", false, 4000, 20_000),
    always("c6", false, 100000, 600_000),
  ],
  defaultIdleState: 1,
};

const GUEST: CostModel = {
  name: "guest",
  steps: {
    syscallEntry: 60,
    syscallExit: 60,
    wake: 400,
    idleScan: 10,
    block: 350,
    switch: 700,
    cacheLine: 55,
    ipiSend: 6000,
    ipiDeliver: 5000,
    idleLoopExit: 600,
    timerArm: 320,
    timerInterrupt: 16000,
    tick: 2500,
    minorFault: 1200,
    threadCreate: 15700,
    timerReprogram: 11680,
    // Measured within an LLC only, and that at the top of its range in the sources: so are these.
    cacheLineSmt: 10,
    cacheLineLlc: 115,
    cacheLineSocket: 200,
    refillNear: 51,
    refillFar: 128,
  },
  idleStates: [
    POLL,
    {
      name: "hlt",
      polls: false,
      targetResidencyNs: 1000,
      // A host that has given the physical CPU to others takes longer to come back.
      exit: [
        { fromNs: 0, ns: 0 },
        { fromNs: 50_000, ns: 9000 },
        { fromNs: 1_000_000, ns: 20000 },
      ],
    },
  ],
  defaultIdleState: 1,
};

/** Everything is free: what remains of a program's time is computing and waiting. For comparison with queueing theory. */
const IDEAL: CostModel = {
  name: "ideal",
  steps: Object.fromEntries(STEP_NAMES.map((name) => [name, 0])) as Record<StepName, number>,
  idleStates: [POLL],
  defaultIdleState: 0,
};

/** A profile that comes with the package. */
export type ProfileName = "native" | "guest" | "ideal";
/** The profiles that come with the package. */
export const PROFILES: Readonly<Record<ProfileName, CostModel>> = {
  native: NATIVE,
  guest: GUEST,
  ideal: IDEAL,
};

/** Prices in the order of STEP_NAMES. */
export function stepPrices(model: CostModel): Float64Array {
  return Float64Array.from(STEP_NAMES, (name) => model.steps[name]);
}

/** ns to leave `state` after `idleNs` asleep. */
export function exitLatency(state: IdleState, idleNs: number): number {
  let ns = 0;
  for (const step of state.exit) if (idleNs >= step.fromNs) ns = step.ns;
  return ns;
}
