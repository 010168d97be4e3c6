/** The library explored: every subject to its end, or to the bound that it names, without a violation. */
import { describe, expect, it } from "vitest";
import { explore } from "../../src/explore/index.ts";
import { SUBJECTS } from "./library/subjects.ts";

describe("the library explored", () => {
  it.each(SUBJECTS)("$name", ({ explorable, options }) => {
    const { complete, stopped, tooLong, violations } = explore(explorable, options);
    const limit = options.maxExecutions === undefined ? undefined : "max-executions";
    expect({ violations, stopped, tooLong }).toEqual({ violations: [], stopped: limit, tooLong: 0 });
    expect(complete || options.maxBound !== undefined).toBe(true);
  });
});
