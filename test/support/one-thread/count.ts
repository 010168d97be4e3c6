/** Notes with each test how many machines of real time it made. */
import { afterEach, beforeEach } from "vitest";
import { made } from "./machine.ts";

beforeEach(() => {
  made.machines = 0;
});
afterEach(({ task }) => {
  (task.meta as { machines?: number }).machines = made.machines;
});
