/** The package's entry with machines of one thread. */
import {
  createStepper as createVirtualStepper,
  type Stepper,
  type StepperConfig,
} from "../../../src/index.ts";
import { made } from "./machine.ts";

export * from "../../../src/index.ts";
export { createMachine, Machine } from "./machine.ts";

/** Of a simulated machine: there is no other that takes one step at a time. */
export function createStepper(config?: StepperConfig): Stepper {
  made.stepped++;
  return createVirtualStepper(config);
}
