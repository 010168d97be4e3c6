/** Notes with each test what machines of real time it has made. */
import { afterEach, beforeEach } from "vitest";
import { type Made, made } from "./machine.ts";

beforeEach(() => {
  Object.assign(made, { built: 0, machines: 0, stepped: 0, fewer: false, without: undefined } satisfies Made);
});
afterEach(({ task }) => {
  Object.assign(task.meta, { made: { ...made } });
});
