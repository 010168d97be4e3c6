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
    expect({ complete, blocked, violations }).toEqual({ complete: true, blocked: 0, violations: [] });
  });
});
