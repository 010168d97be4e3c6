/** UMCG `hardened` explored completely from some step on: each class of executions once, none in vain, no violation. */
import { describe, expect, it } from "vitest";
import { explore } from "../../src/explore/index.ts";
import { WHOLE, wholeProgram } from "./library/whole.ts";

const campaign = process.env["FC_RUNS"] !== undefined;

describe("UMCG hardened, explored completely", () => {
  it.each(WHOLE)("$id", ({ id, vcpus, near, far }) => {
    const result = explore(wholeProgram(id, vcpus, campaign ? far : near));
    const { complete, executions, blocked, violations } = result;
    expect(result.distinct).toBe(executions);
    // F57 needs a preemption: then there may be classes that were not met (docs/kernel-mode.md, "A limit").
    expect({ complete, blocked, violations }).toEqual({
      complete: id !== "F57",
      blocked: 0,
      violations: [],
    });
  });
});
