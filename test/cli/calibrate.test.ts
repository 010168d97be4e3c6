// `umcg calibrate`: what it prints and writes, how it is interrupted, and how it can be called wrongly.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PROFILES } from "../../src/hosts/virtual/cost-model.ts";
import { parseCostProfile } from "../../src/hosts/virtual/cost-profile.ts";
import { type FakeProbes, fakeProbes, GUEST_SERIES } from "../bench/calibrate/fixture.ts";
import { run } from "./fake-io.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "umcg-calibrate-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const quick = (probes: FakeProbes): { probes: FakeProbes; msPerLook: number } => ({ probes, msPerLook: 5 });

describe("umcg calibrate", () => {
  test("prints a table of every step that fits a terminal, and ends the second thread", async () => {
    const probes = fakeProbes(GUEST_SERIES);
    const { code, stdout, stderr, handlers } = await run(["calibrate"], quick(probes));
    expect([code, stderr, handlers, probes.closed()]).toEqual([0, "", 0, true]);
    expect(stdout).toMatch(/^profile calibrated: 7 of \d+ steps measured in 4 s, the others from guest/);
    expect(stdout).toMatch(/^cacheLine +55 +55 +\d+ {2}measured: lineHop$/m);
    expect(stdout).toMatch(/^wake +400 +guest$/m);
    for (const step of Object.keys(PROFILES.guest.steps))
      expect(stdout).toMatch(new RegExp(`^${step} `, "m"));
    expect(
      Math.max(
        ...stdout
          .split("\n")
          .slice(1)
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(80);
  });

  test.each([
    [true, [], "guest"],
    [false, [], "native"],
    [undefined, [], "native"],
    [true, ["--base", "native"], "native"],
  ] as const)("hypervisor %s, %j: the others come from %s", async (hypervisor, args, base) => {
    const probes = fakeProbes({}, { hypervisor });
    const { stdout } = await run(["calibrate", "--json", "--name", "mine", ...args], quick(probes));
    const profile = JSON.parse(stdout);
    expect([profile.name, profile.base, profile.steps]).toEqual(["mine", base, PROFILES[base].steps]);
  });

  test("--out writes what --profile takes", async () => {
    const out = join(folder, "here.json");
    const { stderr } = await run(["calibrate", "--out", out], quick(fakeProbes(GUEST_SERIES)));
    expect(stderr).toBe(`profile in ${out}\n`);
    expect(parseCostProfile(JSON.parse(readFileSync(out, "utf8"))).sources?.cacheLine?.from).toBe("measured");
    const bench = await run(["bench", "pipe", "--vcpus", "1", "--loops", "3", "--json", "--profile", out]);
    expect(JSON.parse(bench.stdout)).toMatchObject({ profile: "calibrated", nsPerOp: 1690 });
  });

  test("Ctrl-C shows what there is, writes no file and ends with its own code", async () => {
    const out = join(folder, "not.json");
    const probes = fakeProbes(GUEST_SERIES);
    const onTurn = (): "SIGINT" => "SIGINT";
    const result = await run(["calibrate", "--json", "--out", out], { ...quick(probes), onTurn });
    expect([result.code, result.stderr, result.handlers]).toEqual([130, "umcg: interrupted by SIGINT\n", 0]);
    expect(JSON.parse(result.stdout).sources.minorFault).toEqual({
      from: "guest",
      why: "no sample was taken",
    });
    expect([existsSync(out), probes.closed()]).toEqual([false, true]);
  });

  test("shows progress on a terminal", async () => {
    const options = { ...quick(fakeProbes(GUEST_SERIES)), isTTY: true };
    expect((await run(["calibrate", "--seconds", "9"], options)).stderr).toContain("calibrating: ");
  });

  test.each([
    [["--seconds", "0"], '--seconds must be an integer from 1 to 600, got "0"'],
    [["--base", "vax"], '--base must be one of native, guest, ideal, got "vax"'],
    [["here"], 'takes no argument, got "here"'],
    [["--frob"], 'unknown option "--frob"; known are --base, --seconds, --name, --out, --json, --help'],
  ])("%j is bad usage", async (args, message) => {
    const { code, stderr } = await run(["calibrate", ...args]);
    expect(code).toBe(2);
    expect(stderr).toBe(`umcg: ERR_USAGE: ${message}\nTry 'umcg calibrate --help' for more information.\n`);
  });

  test("a file that cannot be written is told before anything is measured", async () => {
    const probes = fakeProbes(GUEST_SERIES);
    const { code, stderr } = await run(["calibrate", "--out", "/no/such/folder/x"], quick(probes));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^umcg: ERR_TRACE_FILE: cannot write "\/no\/such\/folder\/x"/);
    expect(probes.asked).toEqual([]);
  });

  test("--help shows the options and examples", async () => {
    const { code, stdout } = await run(["calibrate", "--help"]);
    expect(code).toBe(0);
    for (const word of ["--out", "--base", "--seconds", "--name", "--json", "Examples:"])
      expect(stdout).toContain(word);
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  });
});
