/**
 * Which CPUs share what: cores, last-level caches (LLCs), sockets, and the scheduling domains built on them.
 *
 * CPUs are numbered along the hardware: the threads of a core have consecutive numbers, so have the cores of an LLC and
 * the LLCs of a socket. So CPU c is thread c % smt of core c / smt, and every group of CPUs is a range. (Linux on x86 often
 * numbers all first threads before all second ones; who compares with such a machine renumbers.) What the number of vCPUs
 * does not fill is smaller: 6 vCPUs of 4 an LLC are an LLC of 4 and one of 2. A NUMA node is a socket.
 *
 * A domain is a range of CPUs among which tasks are balanced, made of groups, which are the domains one level below. Levels,
 * bottom-up: SMT (the threads of a core), MC (the cores of an LLC), PKG (the LLCs of a socket), NUMA (the sockets). A level
 * that adds nothing to the one below it is left out, as sd_degenerate() does. Fixed at boot, so it is not in the buffer.
 * Source: kernel/sched/topology.c.
 */
import { MachineError } from "./errors.ts";
import {
  type CostStep,
  STEP_CACHE_LINE,
  STEP_CACHE_LINE_LLC,
  STEP_CACHE_LINE_SMT,
  STEP_CACHE_LINE_SOCKET,
} from "./steps.ts";

/** The shape of a machine. Default: one thread a core, one LLC, one socket. */
export interface TopologyConfig {
  /** Threads of a core, 1 to 8. Default 1. */
  readonly smt?: number;
  /** Cores that share a last-level cache, 1 to 1024. Default: all. */
  readonly coresPerLlc?: number;
  /** LLCs of a socket, 1 to 1024. Default: all. */
  readonly llcsPerSocket?: number;
}

const RANGES = { smt: [1, 8], coresPerLlc: [1, 1024], llcsPerSocket: [1, 1024] } as const;

/** Throws ERR_CONFIG naming the first value that is not an integer within its range, or no part of a topology. */
export function checkTopology(config: TopologyConfig): void {
  for (const [name, value] of Object.entries(config)) {
    const range = Object.hasOwn(RANGES, name) ? RANGES[name as keyof typeof RANGES] : undefined;
    if (range === undefined) {
      const known = Object.keys(RANGES).join(", ");
      throw new MachineError("ERR_CONFIG", `topology.${name} is no part of a topology; known are ${known}`);
    }
    const [low, high] = range;
    const given: unknown = value;
    if (given === undefined) continue;
    if (typeof given !== "number" || !Number.isInteger(given) || given < low || given > high) {
      throw new MachineError(
        "ERR_CONFIG",
        `topology.${name} must be an integer from ${low} to ${high}, got ${String(given)}`,
      );
    }
  }
}

/** One level of domains. The domain of a CPU is the range of `width` CPUs, from a multiple of `width` on, that holds it. */
export interface DomainLevel {
  readonly name: "SMT" | "MC" | "PKG" | "NUMA";
  /** CPUs of a domain that is full. */
  readonly width: number;
  /** CPUs of a group that is full: the width of the level below, or 1. */
  readonly groupWidth: number;
  /** How much busier another group may be, in per cent. */
  readonly imbalancePct: number;
  /** All CPUs of a domain share a cache (SD_SHARE_LLC). */
  readonly sharesLlc: boolean;
}

/** Which CPUs share a core, an LLC, a socket. */
export class Topology {
  declare readonly vcpus: number;
  /** One LLC in which every core has one thread: every line is equally far. */
  declare readonly flat: boolean;
  /** Threads of a core. */
  declare readonly smt: number;
  /** CPUs of an LLC that is full; of a socket. */
  declare readonly llcWidth: number;
  declare readonly socketWidth: number;
  declare readonly llcs: number;
  /** Bottom-up. Empty on a machine of one CPU. */
  declare readonly levels: readonly DomainLevel[];

  constructor(vcpus: number, config: TopologyConfig) {
    this.vcpus = vcpus;
    this.smt = Math.min(config.smt ?? 1, vcpus);
    this.llcWidth = Math.min(this.smt * (config.coresPerLlc ?? vcpus), vcpus);
    this.socketWidth = Math.min(this.llcWidth * (config.llcsPerSocket ?? vcpus), vcpus);
    this.llcs = Math.ceil(vcpus / this.llcWidth);
    this.flat = this.smt === 1 && this.llcs === 1;
    this.levels = this.#levels();
  }

  coreOf(cpu: number): number {
    return Math.floor(cpu / this.smt);
  }
  llcOf(cpu: number): number {
    return Math.floor(cpu / this.llcWidth);
  }
  socketOf(cpu: number): number {
    return Math.floor(cpu / this.socketWidth);
  }

  /** First CPU of the group of `width` that `cpu` is in; and the first behind it. */
  first(cpu: number, width: number): number {
    return cpu - (cpu % width);
  }
  end(cpu: number, width: number): number {
    return Math.min(this.first(cpu, width) + width, this.vcpus);
  }

  /** cpus_share_cache(). */
  shareCache(a: number, b: number): boolean {
    return this.llcs === 1 || this.llcOf(a) === this.llcOf(b);
  }

  /** What moving a cache line between two CPUs costs. */
  lineStep(a: number, b: number): CostStep {
    return this.flat ? STEP_CACHE_LINE : this.#lineStep(a, b);
  }

  #lineStep(a: number, b: number): CostStep {
    if (this.coreOf(a) === this.coreOf(b)) return STEP_CACHE_LINE_SMT;
    if (this.llcOf(a) === this.llcOf(b)) return STEP_CACHE_LINE;
    return this.socketOf(a) === this.socketOf(b) ? STEP_CACHE_LINE_LLC : STEP_CACHE_LINE_SOCKET;
  }

  /** The lowest level whose domain holds both CPUs. Every level is wake-affine. */
  commonLevel(a: number, b: number): DomainLevel {
    return this.levels.find(({ width }) => this.first(a, width) === this.first(b, width))!;
  }

  #levels(): DomainLevel[] {
    const widths = [
      ["SMT", this.smt],
      ["MC", this.llcWidth],
      ["PKG", this.socketWidth],
      ["NUMA", this.vcpus],
    ] as const;
    const levels: DomainLevel[] = [];
    let groupWidth = 1;
    for (const [name, width] of widths) {
      if (width === groupWidth) continue;
      const imbalancePct = name === "SMT" ? 110 : 117;
      levels.push({ name, width, groupWidth, imbalancePct, sharesLlc: width <= this.llcWidth });
      groupWidth = width;
    }
    return levels;
  }
}
