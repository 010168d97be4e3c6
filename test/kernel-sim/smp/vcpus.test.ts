/** S36: a number of CPUs that cannot be is an error that names it, for programs and on the command line; nothing is clamped. */
import { describe, expect, test } from "vitest";
import { createMachine, type MachineConfig } from "../../../src/machine.ts";
import { run } from "../../cli/fake-io.ts";
import { errorOf } from "../../support/boot.ts";

describe("vcpus", () => {
  test.each([0, -1, 1025, 1.5, Number.NaN, "4", "x", ""])("%j is refused", (vcpus) => {
    expect(errorOf(() => createMachine({ vcpus } as MachineConfig))).toMatchObject({
      code: "ERR_CONFIG",
      message: `vcpus must be an integer from 1 to 1024, got ${String(vcpus)}`,
    });
  });

  test.each(["0", "-1", "1025", "1.5", "x", ""])("--vcpus=%s is refused", async (vcpus) => {
    const { code, stdout, stderr } = await run(["bench", "pipe", `--vcpus=${vcpus}`]);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain("--vcpus");
  });
});
