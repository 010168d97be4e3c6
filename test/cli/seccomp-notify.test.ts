// `umcg bench seccomp-notify`: its formats and options.
import { describe, expect, test } from "vitest";
import { run } from "./fake-io.ts";

const SMALL = "bench seccomp-notify -l 3000 --profile guest".split(" ");

describe("umcg bench seccomp-notify", () => {
  test("prints the round trips and their modes", async () => {
    const { code, stdout, stderr } = await run([...SMALL, "-l", "15000", "--background", "25", "--jitter"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^seccomp-notify, plain: 15000 round trips, background 25 %$/m);
    expect(stdout).toContain("2 vCPUs, profile guest, idle hlt, eevdf-7.2, jitter with seed 1");
    expect(stdout).toMatch(/^Reading: two modes\n( {2}[\d.]+ % from .*\n){2}$/m);
    const sync = await run([...SMALL, "-l", "15000", "--background", "25", "--jitter", "-s"]);
    expect(sync.stdout).toContain("seccomp-notify, sync mode");
    expect(sync.stdout).toContain("Reading: one mode\n");
  });

  test("--json has the configuration, the round trips and the modes", async () => {
    const { stdout } = await run([...SMALL, "--json", "--sync-mode", "--seed", "4", "--vcpus", "3"]);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({
      workload: "seccomp-notify",
      vcpus: 3,
      profile: "guest",
      fair: "eevdf-7.2",
      seed: 4,
      loops: 3000,
      syncMode: true,
      background: 0,
      nsPerOp: 1630,
      roundTrip: { mean: 3260, p50: 3260, count: 3000 },
    });
    expect(result.roundTrip.modes.length).toBe(1);
  });

  test("--format compat is what perf bench prints", async () => {
    const { stdout } = await run([...SMALL, "--format", "compat", "-s"]);
    expect(stdout).toBe(`# Running 'sched/seccomp-notify' benchmark:
# Executed 3000 system calls

     Total time: 0.010 [sec]

       3.260000 usecs/op
         306748 ops/sec
`);
  });

  test.each([
    ["table", /^seccomp-notify, plain: (\d+) round trips, (.|\n)*\nThe run was cut short\.\n$/],
    ["json", /^\{(?:.|\n)*"loops": (\d+),(.|\n)*"complete": false,/],
    ["compat", /# Executed (\d+) system calls\n# The run was cut short\.\n\n {5}Total time/],
  ])("Ctrl-C shows the round trips that are over, as %s", async (format, pattern) => {
    const onTurn = (turn: number): "SIGINT" | undefined => (turn === 2 ? "SIGINT" : undefined);
    const endless = ["bench", "seccomp-notify", "-l", "1000000000", "--format", format];
    const { code, stdout, stderr, handlers } = await run(endless, { msPerLook: 1, onTurn });
    expect([code, stderr, handlers]).toEqual([130, "umcg: interrupted by SIGINT\n", 0]);
    const loops = Number(pattern.exec(stdout)?.[1]);
    expect(loops).toBeGreaterThan(0);
    if (format !== "json") return;
    const { nsPerOp, virtualNs, roundTrip } = JSON.parse(stdout);
    expect(roundTrip.count).toBe(loops);
    // The last one may have begun.
    expect(virtualNs - 2 * loops * roundTrip.p50 * 0.5).toBeLessThan(2 * roundTrip.p50);
    expect(nsPerOp).toBe(virtualNs / (2 * loops));
  });

  test("Ctrl-C before the first round trip shows nothing", async () => {
    const onTurn = (): "SIGINT" => "SIGINT";
    const { code, stdout } = await run([...SMALL, "-l", "3000"], { msPerLook: 200, onTurn });
    expect([code, stdout]).toEqual([130, ""]);
  });

  test("--help has every option and examples", async () => {
    const { stdout } = await run(["bench", "seccomp-notify", "--help"]);
    for (const option of ["-s, --sync-mode", "-l, --loops", "--background", "--format", "Examples:"])
      expect(stdout).toContain(option);
  });

  test.each([
    [["--background", "101"], '--background must be an integer from 0 to 100, got "101"'],
    [["-l", "0"], '--loops must be an integer from 1 to 1000000000, got "0"'],
    [["--wake", "any"], 'unknown option "--wake"'],
  ])("%j is bad usage", async (args, message) => {
    const { code, stderr } = await run(["bench", "seccomp-notify", ...args]);
    expect(code).toBe(2);
    expect(stderr.startsWith(`umcg: ERR_USAGE: ${message}`)).toBe(true);
  });
});
