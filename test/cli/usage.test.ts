// Help, version, and every way to get the command line wrong.
import { describe, expect, test } from "vitest";
import { run } from "./fake-io.ts";

const KNOWN = "umcg-swap, umcg-block, futex-swap, pipe";
const STUDIES =
  "messaging, hackbench, futex-wake, cyclictest, schbench, rtapp, seccomp-notify, switch, umcg-fanout, openloop, policies";
const OPTIONS =
  "--matrix, --vcpus, --wake, --profile, --idle, --fair, --smt, --llc, --socket, --working-set, --loops, --warm-up, --seed, --jitter, --no-jitter, --check, --trace, --report, --against, --host, --place, --repeat, --format, --json, --help";

describe("help", () => {
  test.each([[["--help"]], [["-h"]], [["--help", "--version"]], [["help"]]])(
    "%j shows the commands",
    async (args) => {
      const { code, stdout, stderr } = await run(args);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^Usage: umcg <command>/);
      expect(stdout).toContain("bench");
      expect(stderr).toBe("");
    },
  );

  test.each([
    [["bench", "--help"]],
    [["bench", "-h"]],
    [["bench", "pipe", "--help"]],
    [["bench", "--matrix", "--help"]],
    [["bench", "nonsense", "--help", "--vcpus", "0"]],
    [["help", "bench"]],
    [["help", "bench", "pipe"]],
    [["help", "bench", "--help"]],
  ])("%j shows the options of bench", async (args) => {
    const { code, stdout, stderr } = await run(args);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Usage: umcg bench <workload>/);
    for (const option of OPTIONS.split(", ")) expect(stdout).toContain(option);
    for (const workload of `${KNOWN}, ${STUDIES}`.split(", "))
      expect(stdout).toMatch(new RegExp(`^ {2}${workload} +\\w`, "m"));
    expect(stderr).toBe("");
  });

  test("help fits a terminal", async () => {
    for (const args of [["--help"], ["bench", "--help"]]) {
      const { stdout } = await run(args);
      expect(stdout.split("\n").filter((line) => line.length > 110)).toEqual([]);
    }
  });

  test("no command at all is bad usage, and shows the help", async () => {
    const { code, stdout, stderr } = await run([]);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^Usage: umcg <command>/);
  });

  test("--version is the package's", async () => {
    const { code, stdout } = await run(["--version"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^umcg \d+\.\d+\.\d+\S*\n$/);
  });
});

const LOOPS = "--loops must be an integer from 1 to 1000000000, got";
const SMT = "--smt must be an integer from 1 to 8, got";
const VCPUS = "--vcpus must be an integer from 1 to 1024, got";
const SEED = "--seed must be an integer from -9007199254740991 to 9007199254740991, got";

describe("bad usage of umcg", () => {
  test.each([
    [["frobnicate"], 'unknown command "frobnicate"; known are bench, explore, merge, replay, calibrate'],
    [["--frobnicate"], 'unknown option "--frobnicate"; known are --help, --version'],
    [["-x"], 'unknown option "-x"; known are --help, --version'],
    [["--version=3"], '--version takes no value, got "3"'],
    [["--json", "bench"], 'unknown option "--json"; known are --help, --version'],
    [["--help=1", "bench"], '--help takes no value, got "1"'],
    [["--help", "bench", "--vcpus"], 'unknown option "--vcpus"; known are --help, --version'],
    [["help", "bnech"], 'unknown command "bnech"; did you mean bench?'],
    [["bnech"], 'unknown command "bnech"; did you mean bench?'],
    [["--", "bench"], "write the command first: umcg bench ..."],
    [[""], 'unknown command ""; known are bench, explore, merge, replay, calibrate'],
  ])("%j", async (args, message) => {
    const { code, stdout, stderr } = await run(args);
    expect(stderr).toBe(`umcg: ERR_USAGE: ${message}\nTry 'umcg --help' for more information.\n`);
    expect(code).toBe(2);
    expect(stdout).toBe("");
  });
});

describe("bad usage of umcg bench", () => {
  test.each([
    [[], `name a workload (${KNOWN}) or a study (${STUDIES}), or use --matrix`],
    [["./load.ts"], "a workload of your own is run by umcg bench policies --workload ./load.ts"],
    [["frob"], `unknown workload "frob"; known are ${KNOWN}, ${STUDIES}`],
    [[""], `unknown workload ""; known are ${KNOWN}, ${STUDIES}`],
    [["toString"], `unknown workload "toString"; known are ${KNOWN}, ${STUDIES}`],
    [["pipe", "umcg-swap"], 'one workload at a time: "umcg-swap" is too many'],

    [["pipe", "--frob"], `unknown option "--frob"; known are ${OPTIONS}`],
    [["pipe", "--frob=1"], `unknown option "--frob"; known are ${OPTIONS}`],
    [["pipe", "--constructor", "1"], `unknown option "--constructor"; known are ${OPTIONS}`],
    [["pipe", "-v"], `unknown option "-v"; known are ${OPTIONS}`],
    [["pipe", "--json", "--format", "compat"], "--json and --format compat contradict each other"],
    [["pipe", "--json", "--format", "table"], "--json and --format table contradict each other"],
    [["--matrix", "--json", "--format", "table"], "--json and --format table contradict each other"],
    [["pipe", "--json=yes"], '--json takes no value, got "yes"'],
    [["pipe", "--check=kernel"], '--check takes no value, got "kernel"'],
    [["pipe", "--jitter=off"], '--jitter takes no value, got "off"'],
    [["pipe", "--vcpu", "3"], 'unknown option "--vcpu"; did you mean --vcpus?'],
    [
      ["pipe", "--wake", "synk"],
      '--wake must be one of any, sync, current-cpu, got "synk"; did you mean sync?',
    ],
    [["pip"], 'unknown workload "pip"; did you mean pipe?'],
    [["futexswap"], 'unknown workload "futexswap"; did you mean futex-swap?'],
    [["pipe", "--warm-up", "-1"], '--warm-up must be an integer from 0 to 1000000000, got "-1"'],
    [["pipe", "--repeat", "0"], '--repeat must be an integer from 1 to 10000, got "0"'],
    [["pipe", "--repeat", "2", "--trace", "x"], "--trace is of one run: leave out --repeat"],
    [["futex-swap", "--format", "compat"], '--format must be one of table, json, got "compat"'],
    [["--matrix", "--repeat", "2"], "--repeat does not go with --matrix: repeat one workload"],
    [["pipe", "--jitter", "--no-jitter"], "--jitter and --no-jitter contradict each other"],

    [["pipe", "--loops"], "--loops needs a value"],
    [["pipe", "--loops="], "--loops needs a value"],
    [["pipe", "--loops", ""], "--loops needs a value"],
    [["pipe", "--loops", "--json"], "--loops needs a value"],
    [["pipe", "--trace"], "--trace needs a value"],
    [["pipe", "--trace", ""], "--trace needs a value"],
    [["pipe", "--trace", "--json"], "--trace needs a value"],

    [["pipe", "--loops", "-5"], `${LOOPS} "-5"`],
    [["pipe", "--loops=-5"], `${LOOPS} "-5"`],
    [["pipe", "--loops", "0"], `${LOOPS} "0"`],
    [["pipe", "--loops", "1.5"], `${LOOPS} "1.5"`],
    [["pipe", "--loops", "1e3"], `${LOOPS} "1e3"`],
    [["pipe", "--loops", "0x10"], `${LOOPS} "0x10"`],
    [["pipe", "--loops", "NaN"], `${LOOPS} "NaN"`],
    [["pipe", "--loops", "Infinity"], `${LOOPS} "Infinity"`],
    [["pipe", "--loops", "many"], `${LOOPS} "many"`],
    [["pipe", "--loops", " 5"], `${LOOPS} " 5"`],
    [["pipe", "--loops", "1000000001"], `${LOOPS} "1000000001"`],
    [["pipe", "--loops", "9".repeat(400)], `${LOOPS} "${"9".repeat(400)}"`],

    [["pipe", "--smt", "0"], `${SMT} "0"`],
    [["pipe", "--llc", "0"], '--llc must be an integer from 1 to 1024, got "0"'],
    [["pipe", "--socket", "x"], '--socket must be an integer from 1 to 1024, got "x"'],
    [["pipe", "--working-set", "-1"], '--working-set must be an integer from 0 to 1000000000, got "-1"'],
    [["--matrix", "--smt", "2"], "--smt does not go with --matrix, which compares them"],
    [["pipe", "--vcpus", "0"], `${VCPUS} "0"`],
    [["pipe", "--vcpus", "-1"], `${VCPUS} "-1"`],
    [["pipe", "--vcpus", "2.5"], `${VCPUS} "2.5"`],
    [["pipe", "--vcpus", "1025"], `${VCPUS} "1025"`],
    [["pipe", "--vcpus", "NaN"], `${VCPUS} "NaN"`],
    [["pipe", "--seed", "0.5"], `${SEED} "0.5"`],
    [["pipe", "--seed", "9007199254740993"], `${SEED} "9007199254740993"`],

    [["pipe", "--wake", "none"], '--wake must be one of any, sync, current-cpu, got "none"'],
    [
      ["pipe", "--profile", "vax"],
      '--profile must be one of native, guest, ideal, or a .json file, got "vax"',
    ],
    [
      ["pipe", "--idle", "hlt"],
      '--idle must be one of poll, c1, c1e, c6, menu, haltpoll, oracle (profile native), got "hlt"',
    ],
    [
      ["pipe", "--profile=guest", "--idle=c6"],
      '--idle must be one of poll, hlt, menu, haltpoll, oracle (profile guest), got "c6"',
    ],

    [["--matrix", "pipe"], '--matrix runs every workload: leave out "pipe"'],
    [["--matrix", "--wake", "any"], "--wake does not go with --matrix, which compares them"],
    [["--matrix", "--profile", "guest"], "--profile does not go with --matrix, which compares them"],
    [["--matrix", "--idle", "poll"], "--idle does not go with --matrix, which compares them"],
    [["--matrix", "--trace", "x"], "--trace does not go with --matrix: trace one workload"],
    [["--matrix", "--loops", "0"], `${LOOPS} "0"`],
  ])("%j", async (args, message) => {
    const { code, stdout, stderr, handlers } = await run(["bench", ...args]);
    expect(stderr).toBe(`umcg: ERR_USAGE: ${message}\nTry 'umcg bench --help' for more information.\n`);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(handlers).toBe(0);
  });
});

describe("good usage", () => {
  test.each([
    [["pipe", "--loops=3", "--json"]],
    [["--json", "--loops", "3", "pipe"]],
    [["--loops", "3", "--json", "--", "pipe"]],
    [["pipe", "--loops", "7", "--loops", "3", "--json"]],
    [["pipe", "--loops", "+3", "--json", "--seed", "-1"]],
  ])("%j", async (args) => {
    const { code, stdout } = await run(["bench", ...args]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ workload: "pipe", loops: 3, vcpus: 8, wake: "default" });
  });

  test("every option arrives", async () => {
    const args =
      "umcg-block --vcpus 3 --wake any --profile guest --idle poll --loops 9 --seed 5 --jitter --json";
    const { stdout } = await run(["bench", ...args.split(" ")]);
    expect(JSON.parse(stdout)).toMatchObject({
      workload: "umcg-block",
      vcpus: 3,
      wake: "any",
      profile: "guest",
      idle: "poll",
      loops: 9,
      seed: 5,
      jitter: true,
    });
  });
});
