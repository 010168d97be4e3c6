/** What an explored machine tells of its steps: numbers of the objects that they touch, and where they are noted. */
import type { KernelObjects } from "./kernel-objects.ts";
import type { Touches } from "./touches.ts";

export interface Observed {
  readonly objects: KernelObjects;
  readonly touches: Touches;
}
