// The letters and the lines of other people's benchmarks.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "./fake-io.ts";

async function bench(line: string): Promise<string> {
  const { code, stdout, stderr } = await run(["bench", ...line.split(" ")]);
  expect([code, stderr]).toEqual([0, ""]);
  return stdout;
}

describe("umcg bench messaging and hackbench", () => {
  test("take letters and print lines of either", async () => {
    expect(await bench("messaging -g 1 -l 2 -p -t --format compat")).toMatch(
      /^# Running 'sched\/messaging' benchmark:\n# 20 sender and receiver threads per group\n# 1 groups == 40 threads run\n\n {5}Total time: 0\.\d{3} \[sec\]\n$/,
    );
    expect(await bench("hackbench -g 2 -f 3 -l 4 -s 50 -T --format compat")).toMatch(
      /^Running in threaded mode with 2 groups using 6 file descriptors each \(== 12 tasks\)\nEach sender will pass 4 messages of 50 bytes\nTime: 0\.\d{3}\n$/,
    );
  });

  test("print a table and JSON", async () => {
    const table = await bench("hackbench -g 1 -f 3 -l 4 --vcpus 2");
    expect(table).toMatch(/^hackbench: 1 group of 3 senders and 3 receivers, 4 loops$/m);
    expect(table).toMatch(/^Reading: [\d.]+ million messages a second\.$/m);
    const json = JSON.parse(await bench("messaging -g 1 -l 2 --json --repeat 2 --jitter"));
    expect(json).toMatchObject({ workload: "messaging", groups: 1, loops: 2, pairs: 20, tasks: 40 });
    expect(json.metrics[0]).toMatchObject({ name: "total time", unit: "ns" });
    expect(new Set(json.metrics[0].values).size).toBe(2);
  });
});

describe("interrupted, they show how far they came:", () => {
  test.each([
    [
      "messaging -g 2 -l 100000",
      /^a message took .*\n.*\nReading: .* messages a second\.\nThe run was cut short: 80000000 messages/m,
    ],
    ["messaging -g 1 -l 1000 --format compat", /^# The run was cut short\.\n\n {5}Total time: \d/m],
    ["hackbench -g 1 -l 100000 --format compat", /^The run was cut short\.\nRunning in process mode/],
    ["switch -N 10000000", /^Cut short: 0 of 1 rings are complete\.$/m],
  ])("%s", async (line, shown) => {
    const onTurn = (turn: number): "SIGINT" | undefined => (turn === 2 ? "SIGINT" : undefined);
    const { code, stdout } = await run(["bench", ...line.split(" ")], { msPerLook: 1, onTurn });
    expect(code).toBe(130);
    expect(stdout).toMatch(shown);
    expect(stdout).not.toMatch(/NaN|undefined|Infinity/);
  });

  test("in JSON, by counts that belong together", async () => {
    const onTurn = (turn: number): "SIGINT" | undefined => (turn === 2 ? "SIGINT" : undefined);
    const { stdout } = await run(["bench", "messaging", "-g", "1", "-l", "1000", "--json"], {
      msPerLook: 1,
      onTurn,
    });
    const { complete, messages, totalNs, virtualNs } = JSON.parse(stdout);
    expect([complete, messages > 0, messages < 400_000, totalNs < virtualNs]).toEqual([
      false,
      true,
      true,
      true,
    ]);
  });
});

describe("umcg bench futex-wake", () => {
  test("prints perf's lines", async () => {
    const summary = "Wokeup 4 of 4 threads in 0.0010 ms (+-0.00%)\n";
    const compat = await bench(
      "futex-wake -t 4 -w 2 -r 2 --vcpus 1 --fair virtual-time --profile guest --format compat",
    );
    expect(compat).toBe(`# Running 'futex/wake' benchmark:
Run summary [PID 1]: blocking on 4 threads (at [private] futex 0x1000), waking up 2 at a time.

[Run 1]: Wokeup 4 of 4 threads in 0.0010 ms
[Run 2]: Wokeup 4 of 4 threads in 0.0010 ms
${summary}`);
    const silent = await bench(
      "futex-wake -t 4 -w 2 -r 2 -s -S --vcpus 1 --fair virtual-time --profile guest --format compat",
    );
    expect(silent).toMatch(/\[shared\].*\n\nWokeup 4 of 4/);
  });

  test("prints a table, and how far it came when it is interrupted", async () => {
    expect(await bench("futex-wake -t 4 --vcpus 1 --fair virtual-time")).toContain(
      "a thread    425 ns   425 ns   425 ns\n",
    );
    const onTurn = (turn: number): "SIGINT" | undefined => (turn === 2 ? "SIGINT" : undefined);
    const cut = await run(["bench", "futex-wake", "-r", "1000000"], { msPerLook: 1, onTurn });
    expect(cut.code).toBe(130);
    expect(cut.stdout).toContain("The run was cut short: 1000000 runs were asked for.\n");
  });
});

describe("umcg bench cyclictest", () => {
  test("prints a line a thread, as at the end of a quiet run", async () => {
    expect(
      await bench("cyclictest -t 2 -p 80 -i 200 -l 50 -q --format compat"),
    ).toBe(`# /dev/cpu_dma_latency set to 0us
T: 0 (    1) P:80 I:200 C:     50 Min:      3 Act:    3 Avg:    3 Max:       3
T: 1 (    2) P:80 I:700 C:     50 Min:      3 Act:    3 Avg:    3 Max:       3
`);
    const nsecs = await bench("cyclictest -p 80 -l 50 -N --format compat --profile guest");
    expect(nsecs).toContain("policy: fifo: loadavg: ");
    expect(nsecs).toContain("Min:  17360 Act:   17360 Avg:   17360 Max:   17360\n");
  });

  test("prints the histogram, of all threads too, and cycles that are above it", async () => {
    const text = await bench("cyclictest -S --vcpus 2 -p 80 -l 10 -H 3 -q --format compat");
    expect(text).toContain("# Histogram\n000000 000000\t000000\t000000\n");
    expect(text).toContain("# Total: 000000000 000000000 000000000\n# Min Latencies: 00003 00003\n");
    expect(text).toContain("# Max Latencies: 00003 00003 00003\n# Histogram Overflows: 00010 00010 00020\n");
    expect(text).toContain("# Thread 1: 00000 00001 00002 # 00007 others\n");
    const fits = await bench("cyclictest -p 80 -l 10 -h 5 --format compat");
    expect(fits).toContain("000003 000010\n");
    expect(fits).toContain("I:1000 ");
  });

  test("-t, -a and -S: a thread a vCPU; -D: for a time; -p none: the fair class", async () => {
    const each = JSON.parse(await bench("cyclictest -t -a -D 1 --vcpus 3 --json"));
    expect(each.threads).toHaveLength(3);
    expect(each).toMatchObject({ cpus: [0, 1, 2], priority: 0, loops: 0, idle: "poll", complete: true });
    const some = JSON.parse(await bench("cyclictest -a 1-2 -t 4 -l 5 --policy rr --default-system --json"));
    expect(some).toMatchObject({ cpus: [1, 2], policy: "rr", priority: 5, idle: "c1" });
    expect(some.threads.map(({ intervalUs }: { intervalUs: number }) => intervalUs)).toEqual([
      1000, 1500, 2000, 2500,
    ]);
    expect(await bench("cyclictest -l 5")).toMatch(/^Reading: nobody woke later than 53/m);
  });

  test.each([
    ["-p 100", '--priority must be an integer from 0 to 99, got "100"'],
    ["-D 5w", '--duration must be a time such as 10, 5m or 2h, a day at most, got "5w"'],
    ["-a 9", "--affinity must list CPUs from 0 to 7"],
    ["-p 2 -t 4 --priospread", "--priospread from 2 down leaves no priority for 4 threads"],
    ["--policy deadline", '--policy must be one of fifo, rr, other, got "deadline"'],
    ["-b 5", 'unknown option "-b"'],
  ])("%s is bad usage", async (line, message) => {
    const { code, stderr } = await run(["bench", "cyclictest", ...line.split(" ")]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

test("umcg bench switch prints a table and lat_ctx's lines, of several rings", async () => {
  const table = await bench("switch 2 5 -N 20 --vcpus 1 --fair virtual-time");
  expect(table).toContain("    2  1100 ns  1250 ns  150 ns\n    5  1100 ns  1250 ns  150 ns\n");
  const compat = await bench("switch 2 5 -N 20 -s 10 --vcpus 1 --fair virtual-time --format compat");
  expect(compat).toBe('\n"size=10k ovr=1.17\n2 1.10\n5 1.10\n');
  const json = JSON.parse(await bench("switch -N 20 --json"));
  expect([json.workload, json.rings.length, json.metrics[0].name]).toEqual(["switch", 1, "switch of 2"]);
  const { code, stderr } = await run(["bench", "switch", "1"]);
  expect([code, stderr.split("\n")[0]]).toEqual([
    2,
    'umcg: ERR_USAGE: a ring has from 2 to 2048 tasks, got "1"',
  ]);
});

test("umcg bench umcg-fanout prints rounds and wake-ups", async () => {
  const table = await bench("umcg-fanout -w 3 -l 20 --vcpus 2 --work 1us");
  expect(table).toMatch(/^umcg-fanout: 20 rounds of 3 workers, policy go-like$/m);
  expect(table).toMatch(/^round +\d+ ns .*\nwake-up +\d+ ns/m);
  const json = JSON.parse(await bench("umcg-fanout -w 3 -l 20 --vcpus 2 --policy fifo --repeat 2 --json"));
  expect(json).toMatchObject({
    workload: "umcg-fanout",
    policy: "fifo",
    round: { count: 20 },
    wake: { count: 60 },
  });
  expect(json.metrics[0].values).toHaveLength(2);
});

describe("umcg bench rtapp", () => {
  const task = '"beat": { "loop": 20, "run": 1000, "timer": { "ref": "unique", "period": 5000 } }';
  let folder: string;
  const file = (text: string): string => {
    const path = join(folder, "tasks.json");
    writeFileSync(path, text);
    return path;
  };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "umcg-rtapp-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("prints a table by task, and JSON", async () => {
    const path = file(`{ "tasks": { ${task} }, "global": { "duration": 2 } }`);
    const table = await bench(`rtapp ${path} --vcpus 1`);
    expect(table).toMatch(/^beat +20 +\d+\.\d\d us +\d+\.\d\d us +\d+\.\d\d us/m);
    expect(table).toContain("Reading: 0 times a task was not done when its timer was due.\n");
    expect(
      Math.max(
        ...table
          .slice(table.indexOf("\n\n"))
          .split("\n")
          .map((line) => line.length),
      ),
    ).toBeLessThan(81);
    const json = JSON.parse(await bench(`rtapp ${path} --json --duration 26ms`));
    expect(json).toMatchObject({ workload: "rtapp", file: path, complete: true });
    expect(json.tasks[0]).toMatchObject({ task: "beat", threads: 1, phases: 5, missed: 0 });
    expect(json.metrics.map(({ name }: { name: string }) => name)).toContain("beat wake-up max");
  });

  test("prints rt-app's log", async () => {
    const path = file(`{ "tasks": { ${task} } }`);
    const lines = (await bench(`rtapp ${path} --profile ideal --format compat`)).split("\n");
    expect(lines.slice(0, 4)).toEqual([
      "# rt-app-beat-0.log",
      "# Policy : SCHED_OTHER priority : 0",
      "#idx     perf      run   period           start             end          rel_st      slack c_duration   c_period     wu_lat",
      "   0     1000     1000     5053               0            5053               0       4000       1000       5000         53".replaceAll(
        "53",
        "50",
      ),
    ]);
    expect(lines).toHaveLength(24);
  });

  test("names what is wrong, with its place", async () => {
    const said = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await run(["bench", "rtapp", ...args]);
      expect([code, stdout]).toEqual([2, ""]);
      return stderr.split("\n")[0]!;
    };
    expect(await said()).toBe("umcg: ERR_USAGE: name a file that describes tasks");
    expect(await said("a", "b")).toBe('umcg: ERR_USAGE: one file at a time: "b" is too many');
    expect(await said(join(folder, "gone"))).toContain('umcg: ERR_MEASUREMENT_FILE: cannot read "');
    const bad = file('{ "tasks": {\n "t": { "rnu": 5 } } }');
    const problem = "line 2, tasks.t.rnu: unknown key: neither a property nor an event";
    expect(await said(bad)).toBe(`umcg: ERR_RTAPP: "${bad}", ${problem}`);
    const endless = file('{ "tasks": { "t": { "run": 5 } } }');
    expect(await said(endless)).toContain("describes tasks without end and no duration: give --duration");
  });
});

test("every study has help with its letters, examples and lines that fit", async () => {
  for (const name of [
    "messaging",
    "hackbench",
    "futex-wake",
    "cyclictest",
    "rtapp",
    "switch",
    "umcg-fanout",
    "compare",
  ]) {
    const { code, stdout } = await run(["bench", name, "--help"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^Usage: umcg bench ${name}`));
    expect(stdout).toContain("Examples:");
    expect(stdout.split("\n").filter((line) => line.length > 100)).toEqual([]);
  }
});
