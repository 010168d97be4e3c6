/** A seeded defect. */
export interface Defect {
  readonly name: string;
  /** From the root of the project. */
  readonly file: string;
  /** Exactly as it stands there, once. */
  readonly from: string;
  readonly to: string;
  /** Name of the exploration that finds it. */
  readonly foundBy: string;
}

/** The source text, and what becomes of it. */
export type Change = readonly [name: string, foundBy: string, from: string, to: string];

/** Defects of one file. */
export function defectsOf(file: string, changes: readonly Change[]): Defect[] {
  return changes.map(([name, foundBy, from, to]) => ({ name, file, from, to, foundBy }));
}
