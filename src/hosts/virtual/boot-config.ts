/**
 * What bringing the CPUs of a machine up costs, and what shall go wrong on the way. Nothing, unless a configuration says so.
 *
 *     createMachine({ vcpus: 4, boot: { costs: { presentNs: 50_000 }, faults: { noThread: [2] } } }).boot.ready; // [0, 1, 3]
 */
import { MachineError } from "../../kernel-sim/errors.ts";

/** What bringing a CPU up takes. */
export interface BootCosts {
  /** Creating a thread, paid by the boot CPU. */
  readonly createNs: number;
  /** From then until the thread has said that it is there. */
  readonly presentNs: number;
  /** Creating a CPU's timer, paid by the CPU. */
  readonly timerNs: number;
  /** From an unpark until the waiter goes on. */
  readonly wakeNs: number;
}

/** What goes wrong while CPUs come up. */
export interface BootFaults {
  /** CPUs whose thread the host cannot create. */
  readonly noThread: readonly number[];
  /** CPUs whose thread starts `lateNs` late. */
  readonly late: readonly number[];
  /** Default 2 s: the boot CPU has given them up by then. */
  readonly lateNs: number;
  /** CPUs whose thread dies when it is released, before it is ready. */
  readonly dies: readonly number[];
  /** CPUs for which the host has no timer. */
  readonly noTimer: readonly number[];
  /** So many waits end for no reason. */
  readonly spuriousWakes: number;
  /** So many wake-ups do not arrive. */
  readonly lostWakes: number;
  /** So many interrupts the host refuses to send. */
  readonly refusedSends: number;
}

/** What bringing the CPUs up costs, and what goes wrong. Default: nothing. */
export interface BootConfig {
  readonly costs?: Partial<BootCosts>;
  readonly faults?: Partial<BootFaults>;
}

/** The same, complete and checked. */
export interface BootPlan {
  readonly costs: BootCosts;
  readonly faults: BootFaults;
}

/** Faults that are used up, the counts still to come. */
export interface WakeFaults {
  spuriousWakes: number;
  lostWakes: number;
  refusedSends: number;
}

const NO_COSTS: BootCosts = { createNs: 0, presentNs: 0, timerNs: 0, wakeNs: 0 };
const NO_FAULTS: BootFaults = {
  noThread: [],
  late: [],
  lateNs: 2_000_000_000,
  dies: [],
  noTimer: [],
  spuriousWakes: 0,
  lostWakes: 0,
  refusedSends: 0,
};
/** The most a cost, a delay or a count may be. */
const MAX = 1e12;

/** Throws ERR_CONFIG naming the first key that is unknown or whose value is not usable. */
export function checkBootConfig(config: BootConfig, vcpus: number): BootPlan {
  checkKeys("boot", "part of a boot", config, ["costs", "faults"]);
  checkKeys("boot.costs", "cost", config.costs ?? {}, Object.keys(NO_COSTS));
  checkKeys("boot.faults", "fault", config.faults ?? {}, Object.keys(NO_FAULTS));
  const costs = { ...NO_COSTS, ...config.costs };
  const faults = { ...NO_FAULTS, ...config.faults };
  for (const [key, value] of Object.entries(costs)) {
    checkCount(`boot.costs.${key}`, value);
  }
  for (const [key, value] of Object.entries(faults) as [keyof BootFaults, unknown][]) {
    if (typeof NO_FAULTS[key] === "number") checkCount(`boot.faults.${key}`, value);
    else checkCpus(`boot.faults.${key}`, value, key === "noTimer" ? 0 : 1, vcpus);
  }
  return { costs, faults };
}

function checkKeys(path: string, what: string, given: object, known: readonly string[]): void {
  const unknown = Object.keys(given).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const message = `${path}.${unknown} is no ${what}; known are ${known.join(", ")}`;
  throw new MachineError("ERR_CONFIG", message);
}

function checkCount(path: string, value: unknown): void {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > MAX) {
    throw bad(path, `a whole number from 0 to ${MAX}`, value);
  }
}

/** CPU 0 runs the boot itself: it has its thread already. */
function checkCpus(path: string, value: unknown, first: number, vcpus: number): void {
  const isCpu = (cpu: unknown): boolean =>
    typeof cpu === "number" && Number.isInteger(cpu) && cpu >= first && cpu < vcpus;
  if (!Array.isArray(value) || !value.every(isCpu)) {
    throw bad(path, `a list of CPUs from ${first} to ${vcpus - 1}`, value);
  }
}

function bad(path: string, wanted: string, got: unknown): MachineError {
  return new MachineError(
    "ERR_CONFIG",
    `${path} must be ${wanted}, got ${JSON.stringify(got) ?? String(got)}`,
  );
}
