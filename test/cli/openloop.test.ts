// `umcg bench openloop`: its table, its JSON, its options, and how it is interrupted.
import { describe, expect, test } from "vitest";
import { run } from "./fake-io.ts";

const LOAD = ["bench", "openloop", "--rate", "60krps", "--service", "bimodal:90,5us,10,55us", "--vcpus", "2"];
const SMALL = [...LOAD, "--requests", "2000", "--workers", "64"];

describe("umcg bench openloop", () => {
  test("prints a table and what it means", async () => {
    const { code, stdout, stderr, handlers } = await run([...SMALL, "--policy", "eevdf"]);
    expect([code, stderr, handlers]).toEqual([0, "", 0]);
    expect(stdout).toContain("poisson arrivals, 60.0 krps; service bimodal:90,5us,10,55us; policy eevdf\n");
    expect(stdout).toContain(
      "2 vCPUs, central queue, profile native, seed 1; 2000 requests behind 200 of warm-up",
    );
    expect(stdout).toMatch(/^sojourn( +[\d.]+ [um]s){6}$/m);
    expect(stdout).toMatch(/^requests of 5us\n {2}sojourn /m);
    expect(stdout).toMatch(/offered [\d.]+ krps \(load 0.300\), achieved [\d.]+ krps, 0 dropped/);
    expect(stdout).toMatch(/^Reading: a request is inside for [\d.]+ us on average \(95 %: /m);
    const table = stdout.split("\n").slice(3, 12);
    expect(Math.max(...table.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test("prints JSON with the exact configuration", async () => {
    const more = [
      "--json",
      "--arrivals",
      "deterministic",
      "--seed",
      "9",
      "--queues",
      "partitioned",
      "--idle",
      "c6",
    ];
    const { stdout } = await run([
      ...SMALL,
      ...more,
      "--irq-cpu",
      "1",
      "--warm-up",
      "7",
      "--hz",
      "100",
      "--jitter",
    ]);
    expect(JSON.parse(stdout)).toMatchObject({
      workload: "openloop",
      arrivals: "deterministic",
      rate: 60_000,
      seed: 9,
      queues: "partitioned",
      idle: "c6",
      irqCpu: 1,
      warmUp: 7,
      tickHz: 100,
      jitter: true,
      workers: 64,
      requests: 2000,
      completed: 2000,
    });
  });

  test("takes its name anywhere, and a duration instead of a number", async () => {
    const args = [
      "bench",
      "--json",
      "--rate",
      "50krps",
      "openloop",
      "--service",
      "exp:10us",
      "--duration",
      "20ms",
    ];
    const { stdout } = await run([...args, "--vcpus", "1", "--workers", "99"]);
    const { completed, warmUp } = JSON.parse(stdout);
    expect(warmUp).toBe(100);
    expect(Math.abs(completed - 900)).toBeLessThan(150);
  });

  test("Ctrl-C shows what there is", async () => {
    const onTurn = (turn: number): "SIGINT" | undefined => (turn === 2 ? "SIGINT" : undefined);
    const options = { msPerLook: 1, onTurn, isTTY: true };
    const args = [...LOAD, "--requests", "1000000"];
    const { code, stdout, stderr, handlers } = await run(
      [...args, "--warm-up", "0", "--workers", "9"],
      options,
    );
    expect([code, handlers]).toEqual([130, 0]);
    expect(stderr).toMatch(/umcg: interrupted by SIGINT\n$/);
    expect(stdout).toContain("The run was cut short.");
    // In the warm-up there is nothing yet.
    expect(await run(args, options)).toMatchObject({ code: 130, stdout: "" });
  });

  test("shows progress", async () => {
    expect((await run(SMALL, { msPerLook: 60, isTTY: true })).stderr).toContain("openloop: ");
  });

  test("--help has every option and examples", async () => {
    const { code, stdout } = await run(["bench", "openloop", "--help"]);
    expect(code).toBe(0);
    for (const option of "rate service arrivals policy vcpus queues requests duration warm-up workers irq-cpu hz profile idle jitter seed json help".split(
      " ",
    ))
      expect(stdout).toContain(`--${option}`);
    expect(stdout).toContain("Examples:");
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  test.each([
    [[], "--rate is missing, for example --rate 300krps"],
    [["--rate", "5"], "--service is missing, for example --service exp:10us"],
    [["--rate", "fast"], '--rate: "fast" is not a rate such as 2500, 300krps or 1.2Mrps'],
    [
      ["--rate", "5", "--service", "bimodal:90,5us,x,55us"],
      '--service: "x" is not a percentage between 0 and 100',
    ],
    [
      ["--rate", "5", "--service", "exp:1us", "--policy", "lifo"],
      '--policy: "lifo" is not a policy; known are ',
    ],
    [
      ["--rate", "5", "--service", "exp:1us", "--irq-cpu", "16"],
      '--irq-cpu must be an integer from 0 to 15, got "16"',
    ],
    [
      ["--rate", "5", "--service", "exp:1us", "--idle", "hlt"],
      "--idle must be one of poll, c1, c1e, c6, menu, haltpoll, oracle (profile native)",
    ],
    [
      ["--rate", "5", "--service", "exp:1us", "--arrivals", "bursty"],
      "--arrivals must be one of poisson, deterministic",
    ],
    [["--loops", "5"], 'unknown option "--loops"; known are --'],
    [["pipe"], 'one workload at a time: "pipe" is too many'],
  ])("%j is bad usage", async (args, message) => {
    const { code, stdout, stderr } = await run(["bench", "openloop", ...args]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr.startsWith(`umcg: ERR_USAGE: ${message}`)).toBe(true);
    expect(stderr).toContain("Try 'umcg bench openloop --help' for more information.");
  });
});
