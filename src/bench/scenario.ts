/**
 * A benchmark that makes tasks on a machine of its own and lets them run to their end, or for a time.
 *
 *     const run = new ScenarioRun({ machine: { vcpus: 8 }, clock }, (machine) => startMessaging(machine, options));
 *     while (!run.advance());
 *     const { measured } = run.result();
 *
 * Unlike a workload (workload.ts) it has no rounds that are all alike: it measures by itself, and says what it has.
 */
import { createMachine, type Machine, type MachineConfig } from "../machine.ts";

/** What is under way on the machine. */
export interface Scenario<R> {
  /** Share that is behind, 0 to 1; of scenarios that last for a time, 0. */
  readonly progress: number;
  /** What has been measured so far; undefined: nothing that is worth showing. */
  result(): R | undefined;
}

export interface ScenarioOptions {
  readonly machine: MachineConfig;
  /** Virtual time at which it ends. Default: when every task has exited. */
  readonly untilNs?: number;
  /** Wall clock, ms. */
  readonly clock: () => number;
}

/** The machine and what it did. */
export interface ScenarioFacts {
  readonly host: "virtual";
  readonly vcpus: number;
  readonly profile: string;
  readonly idle: string;
  readonly fair: string;
  readonly jitter: boolean;
  readonly seed: number;
  /** False: it was cut short. */
  readonly complete: boolean;
  readonly virtualNs: number;
  readonly switches: number;
  readonly ipis: number;
  readonly wallMs: number;
}

export interface ScenarioResult<R> {
  readonly facts: ScenarioFacts;
  readonly measured: R;
}

export class ScenarioRun<R> {
  readonly machine: Machine;
  readonly #options: ScenarioOptions;
  readonly #scenario: Scenario<R>;
  #wallMs = 0;
  #ended = false;

  /** Throws MachineError ERR_CONFIG for what cannot be simulated. */
  constructor(options: ScenarioOptions, start: (machine: Machine) => Scenario<R>) {
    this.#options = options;
    this.machine = createMachine(options.machine);
    this.#scenario = start(this.machine);
  }

  get progress(): number {
    const { untilNs } = this.#options;
    const ofTime = untilNs === undefined ? 0 : this.machine.host.now / untilNs;
    return this.#ended ? 1 : Math.min(1, Math.max(ofTime, this.#scenario.progress));
  }

  /** Runs to the end, or until `stop` (asked now and then) says so. Returns whether it is at the end. */
  advance(stop?: () => boolean): boolean {
    const { clock, untilNs } = this.#options;
    const began = clock();
    let stopped = false;
    const asked = (): boolean => {
      stopped = stop?.() === true;
      return stopped;
    };
    this.machine.run({ stop: asked, ...(untilNs !== undefined && { untilNs }) });
    this.#wallMs += clock() - began;
    this.#ended = !stopped || this.machine.kernel.live === 0;
    return this.#ended;
  }

  /** Throws unless something was measured: at its end it is. */
  result(): ScenarioResult<R> {
    const result = this.partial();
    if (result === undefined) throw new Error("the scenario has measured nothing");
    return result;
  }

  partial(): ScenarioResult<R> | undefined {
    const measured = this.#scenario.result();
    return measured === undefined ? undefined : { facts: this.#facts(), measured };
  }

  #facts(): ScenarioFacts {
    const { machine } = this;
    const { vcpus, fair } = machine.kernel.config;
    const { virtualNs, switches, ipis } = machine.result();
    const { jitter = false, seed = 1 } = this.#options.machine;
    return {
      host: "virtual",
      vcpus,
      profile: machine.costs.name,
      idle: machine.idle,
      fair,
      jitter,
      seed,
      complete: this.#ended,
      virtualNs,
      switches,
      ipis,
      wallMs: this.#wallMs,
    };
  }
}
