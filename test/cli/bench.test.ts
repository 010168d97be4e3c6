// What `umcg bench` prints, and how it fails.
import { describe, expect, test } from "vitest";
import type { Workload } from "../../src/bench/workload.ts";
import { pipe } from "../../src/bench/workloads/pipe.ts";
import { run } from "./fake-io.ts";

const KEYS = [
  "workload",
  "host",
  "vcpus",
  "wake",
  "profile",
  "idle",
  "fair",
  "jitter",
  "seed",
  "loops",
  "virtualNs",
  "nsPerOp",
  "wallMs",
  "switches",
  "nsPerSwitchWall",
  "ipis",
  "steps",
  "spans",
  "repeat",
  "exact",
  "metrics",
];
const SPANS = ["wakeToQueued", "queuedToRunning", "wakeToUser"];

describe("--json", () => {
  test.each(["umcg-swap", "umcg-block", "futex-swap", "pipe"])(
    "%s: one object with every field",
    async (name) => {
      const { code, stdout, stderr } = await run(["bench", name, "--loops", "50", "--json"], {
        msPerLook: 0.01,
      });
      expect([code, stderr]).toEqual([0, ""]);
      const result = JSON.parse(stdout);
      expect(Object.keys(result)).toEqual(KEYS);
      expect(Object.keys(result.spans)).toEqual(SPANS);
      for (const span of SPANS) {
        expect(Object.keys(result.spans[span])).toEqual(["p50", "p90", "p99", "p999", "max", "count"]);
        expect(result.spans[span].count).toBeGreaterThanOrEqual(50);
      }
      for (const key of ["virtualNs", "nsPerOp", "wallMs", "switches", "nsPerSwitchWall"])
        expect(result[key]).toBeGreaterThan(0);
    },
  );
});

describe("the shape of the machine", () => {
  /** ns of a hand-off between two CPUs. */
  async function handOff(...args: string[]): Promise<number> {
    const { stdout } = await run([
      ...["bench", "futex-swap", "--vcpus", "2", "--loops", "50", "--wake", "any", "--json"],
      ...args,
    ]);
    return JSON.parse(stdout).nsPerOp;
  }

  test("is what --smt, --llc and --socket say: a line of the wake list comes from as far", async () => {
    const near = await handOff();
    expect((await handOff("--smt", "2")) - near).toBe(8 - 25);
    expect((await handOff("--llc", "1")) - near).toBe(100 - 25);
    expect((await handOff("--llc", "1", "--socket", "1")) - near).toBe(150 - 25);
  });
});

describe("the table", () => {
  test("tells the configuration, the three spans and what they mean", async () => {
    const { code, stdout, stderr } = await run(["bench", "futex-swap", "--loops", "500", "--wake", "any"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toBe(`futex-swap: 500 loops on 8 vCPUs, profile native, wake any, idle c1, no jitter
a loop is a round trip, two hand-offs

span                   p50      p90      p99    p99.9      max  count
wake to queued     2895 ns  2895 ns  2895 ns  2895 ns  2895 ns   1000
queued to running   500 ns   500 ns   500 ns   500 ns   500 ns   1000
wake to user       3433 ns  3433 ns  3433 ns  3433 ns  3433 ns   1000

virtual time 3470.00 us, 2000 switches, 1000 IPIs; 0.00 s of wall time, 0 ns a switch
Reading: a hand-off takes 3470 ns; half of the woken tasks are in user mode within 3433 ns of the wake call, 99 % within 3433 ns; 2.00 IPIs were sent a loop.
`);
  });

  test("uses microseconds where they read better, and the singular", async () => {
    const args = ["bench", "umcg-block", "--loops", "1", "--vcpus", "1", "--profile", "guest", "--seed", "3"];
    const { stdout } = await run([...args, "--jitter"]);
    expect(stdout).toContain(
      "umcg-block: 1 loop on 1 vCPU, profile guest, wake default, idle hlt, jitter with seed 3",
    );
    expect(stdout).toContain("no IPI was sent.");
    const remote = await run(["bench", "pipe", "--loops", "5", "--wake", "any", "--profile", "guest"]);
    expect(remote.stdout).toContain("12.88 us");
  });
});

describe("progress", () => {
  const ERASE_LINE = "\r\u001b[K";
  const slow = { isTTY: true, msPerLook: 60 };

  test("is shown on a terminal after two seconds, and erased", async () => {
    const { stdout, stderr } = await run(["bench", "pipe", "--loops", "2000", "--json"], slow);
    expect(stderr.startsWith(`${ERASE_LINE}pipe: `)).toBe(true);
    expect(stderr.endsWith(`: 100 %${ERASE_LINE}`)).toBe(true);
    expect(stderr).toMatch(/pipe: \d+ %, \d+ s left/);
    expect(JSON.parse(stdout).loops).toBe(2000);
  });

  test("is not shown in a short run, nor to a file", async () => {
    expect((await run(["bench", "pipe", "--loops", "20"], { isTTY: true })).stderr).toBe("");
    expect((await run(["bench", "pipe", "--loops", "2000"], { ...slow, isTTY: false })).stderr).toBe("");
  });

  test("of a matrix tells which machine runs", async () => {
    const { stderr } = await run(["bench", "--matrix", "--loops", "50"], slow);
    expect(stderr).toContain("matrix: 100 %, machine 24 of 24, pipe guest current-cpu");
  });
});

describe("interruption", () => {
  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s ends a run with code %i", async (signal, code) => {
    const onTurn = (turn: number): typeof signal | undefined => (turn === 2 ? signal : undefined);
    const result = await run(["bench", "pipe", "--json"], { msPerLook: 60, onTurn });
    expect(result).toEqual({ code, stdout: "", stderr: `umcg: interrupted by ${signal}\n`, handlers: 0 });
  });

  test.each([
    [1, 1],
    [5, 5],
    [23, 23],
  ])("of a matrix at turn %i shows the machines that are done, %i", async (at, done) => {
    const onTurn = (turn: number): "SIGINT" | undefined => (turn === at ? "SIGINT" : undefined);
    const matrix = ["bench", "--matrix", "--loops", "10"];
    const { code, stdout, stderr, handlers } = await run(matrix, { onTurn });
    expect([code, stderr, handlers]).toEqual([130, "umcg: interrupted by SIGINT\n", 0]);
    expect(stdout).toContain(`Interrupted: the first ${done} of 24 simulated machines`);
    expect(stdout.match(/^ {2}(any|sync|current-cpu) /gm)?.length ?? 0).toBe(done);
    expect(stdout).not.toMatch(/undefined|NaN|Infinity/);
    const json = await run([...matrix, "--json"], { onTurn });
    expect(JSON.parse(json.stdout)).toHaveLength(done);
  });

  test("of a matrix before its first machine is done shows nothing", async () => {
    const slow = { msPerLook: 60, onTurn: (): "SIGINT" => "SIGINT" };
    const { code, stdout } = await run(["bench", "--matrix", "--loops", "2000"], slow);
    expect([code, stdout]).toEqual([130, ""]);
  });
});

describe("a run that fails", () => {
  const named = (name: string, start: Workload["start"]): Workload => ({ ...pipe, name, start });
  const failing = [
    named("deadlock", (machine) => {
      const word = machine.allocate(4);
      machine.spawn(
        function* (env) {
          yield* env.sys.futexWait(word, 0);
        },
        { name: "sleeper" },
      );
      return new Set();
    }),
    named("throw", (machine) => {
      machine.spawn(
        function* (env) {
          yield* env.work(5);
          throw new Error("no luck");
        },
        { name: "thrower" },
      );
      return new Set();
    }),
    named("bug", () => {
      throw new TypeError("not a function");
    }),
  ];

  test.each([
    [
      "deadlock",
      /^umcg: ERR_DEADLOCK: deadlock: nothing is runnable.*\n.*sleeper \(tid 1, cpu 0\) waits in futex/,
    ],
    [
      "throw",
      /^umcg: ERR_PROGRAM_THREW: thrower \(tid 1\) threw: no luck\n {2}at \S+bench.test.ts:\d+:\d+\n$/,
    ],
    ["bug", /^umcg: ERR_INTERNAL: TypeError: not a function\n +at /],
  ])("%s: code 1, with the machine's own code and message", async (name, message) => {
    const { code, stdout, stderr, handlers } = await run(["bench", name], {}, failing);
    expect(stderr).toMatch(message);
    expect([code, stdout, handlers]).toEqual([1, "", 0]);
  });
});
