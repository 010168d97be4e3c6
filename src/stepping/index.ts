/** Driving a machine one operation at a time from outside. */
export * from "./command.ts";
export * from "./shadow.ts";
export * from "./stepper.ts";
