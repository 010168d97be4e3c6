/** What the report of an interleaving holds, as JSON. */

export interface ActorData {
  readonly id: number;
  readonly name: string;
}

/** A word, a lock, where a thread is. */
export interface ThingData {
  readonly group: string;
  readonly name: string;
  /** Before the first step; empty: it was not there. */
  readonly initial: string;
}

export interface StepData {
  readonly actor: number;
  readonly what: string;
  readonly preempts: boolean;
  /** Things that are different after it, by index, with their values. */
  readonly changes: readonly (readonly [thing: number, value: string])[];
}

export interface ViolationData {
  readonly kind: string;
  readonly message: string;
  /** "I12" and what it says, if it is an invariant of UMCG. */
  readonly invariant?: string | undefined;
  readonly rule?: string | undefined;
}

export interface InterleavingData {
  readonly title: string;
  readonly command: string;
  readonly version: string;
  readonly schedule: string;
  readonly violation: ViolationData | undefined;
  /** Steps behind which it went wrong. */
  readonly violatedAfter: number;
  readonly preemptions: number;
  /** In the order of their columns. */
  readonly actors: readonly ActorData[];
  readonly things: readonly ThingData[];
  readonly steps: readonly StepData[];
}
