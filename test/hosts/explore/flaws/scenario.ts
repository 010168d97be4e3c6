/** A scenario: a program that is right by the rules, on both profiles. */
import type { ExploredConfig, ExploredMachine } from "../../../../src/machine/explored-machine.ts";

export interface Scenario {
  /** Number of the flaw in docs/umcg.md, and what is done. */
  readonly id: string;
  readonly what: string;
  /** It needs more delays than can be searched through: it is looked for at random. */
  readonly deep?: boolean;
  readonly config?: ExploredConfig;
  readonly setup: (machine: ExploredMachine) => void;
}
