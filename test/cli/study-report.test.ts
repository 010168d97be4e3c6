// --report FILE of studies: what each names its distributions is in the file, with what all have.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Series } from "../../src/bench/metrics.ts";
import type { OpenLoopResult } from "../../src/bench/openloop/open-loop-result.ts";
import { STUDIES } from "../../src/cli/study.ts";
import { unpackEvents } from "../../src/report/model/packing.ts";
import type { BenchReportData, RunData } from "../../src/report/model/report-data.ts";
import { run } from "./fake-io.ts";

let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "umcg-study-report-"));
  path = join(folder, "out.html");
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function element(html: string, id: string): string {
  return new RegExp(`<script type="[^"]*" id="${id}">([^<]*)</script>`).exec(html)![1]!;
}

/** Runs a study for JSON and a report. */
async function reported(args: readonly string[]): Promise<{
  json: ReturnType<typeof JSON.parse>;
  html: string;
  data: BenchReportData;
  only: RunData;
}> {
  const { code, stdout, stderr } = await run(["bench", ...args, "--json", "--report", path]);
  expect([code, stderr]).toEqual([0, `report in ${path}\n`]);
  expect(readdirSync(folder)).toContain("out.html");
  const html = readFileSync(path, "utf8");
  const data = JSON.parse(element(html, "data")) as BenchReportData;
  expect(data.command).toBe(`umcg bench ${args.join(" ")} --json --report ${path}`);
  return { json: JSON.parse(stdout), html, data, only: data.runs[0]! };
}

function namesOf({ distributions }: RunData): string[] {
  return distributions.map(({ name }) => name);
}

const OPENLOOP = ["openloop", "--rate", "50krps", "--service", "bimodal:90,4us,10,40us", "--vcpus", "2"];
const SMALL = [...OPENLOOP, "--requests", "200", "--warm-up", "20", "--workers"];

describe("the report of", () => {
  test("openloop has sojourn and waiting, of all requests and of each class", async () => {
    const { json, html, data, only } = await reported([...SMALL, "16"]);
    const classes = ["", ", requests of 4us", ", requests of 40us"];
    const names = ["Sojourn", "Waiting"].flatMap((name) => classes.map((of) => `${name}${of}`));
    expect(namesOf(only)).toEqual(names);
    const { count, min, max } = only.distributions[0]!.histogram;
    expect([count, max]).toEqual([json.completed, json.sojourn.max]);
    expect(min).toBeGreaterThanOrEqual(4000);
    const all: Pick<OpenLoopResult, "sojourn" | "waiting">[] = [json, ...json.classes];
    expect(only.distributions.map(({ histogram }) => histogram.max)).toEqual([
      ...all.map(({ sojourn }) => sojourn.max),
      ...all.map(({ waiting }) => waiting.max),
    ]);
    const [, short, long] = only.distributions.map(({ histogram }) => histogram.count);
    expect(short! + long!).toBe(count);
    expect(only.figures).toEqual(
      json.metrics.map(({ values, ...about }: Series) => ({ ...about, value: values[0] })),
    );
    expect(Object.fromEntries(only.settings)).toMatchObject({
      Study: "openloop",
      Host: "virtual",
      vCPUs: "2",
      Seed: "1",
      Service: "bimodal:90,4us,10,40us",
      Policy: "eevdf",
      Queues: "central",
      Requests: "200",
    });
    expect(data.reading).toMatch(/^A request is inside for /);
    expect(only.cpus).toHaveLength(2);
    const { element: id, count: events, dropped } = only.timeline!;
    const log = unpackEvents(inflateRawSync(Buffer.from(element(html, id), "base64")));
    expect([log.length, dropped]).toEqual([events, 0]);
    expect(events).toBeGreaterThan(200);
    expect(html).not.toMatch(/(?:src|href)="(?!data:)/);
  });

  test("openloop has no timeline of workers that are too many to be looked at", async () => {
    const { only, html } = await reported([...SMALL, "200"]);
    expect(only.timeline).toBeUndefined();
    expect(only.settings.at(-1)).toEqual(["Timeline", "left out: more than 100 tasks"]);
    expect(html).not.toContain('id="events-0"');
    expect(only.distributions[0]!.histogram.count).toBe(200);
  });

  test("schbench has wake-ups and requests", async () => {
    const { json, only } = await reported(["schbench", "-r", "1", "-t", "1", "--vcpus", "1", "-s", "50000"]);
    const [wakeups, requests] = only.distributions.map(({ histogram }) => histogram);
    expect(namesOf(only)).toEqual(["Wake-up", "Request"]);
    expect(wakeups).toMatchObject(json.wakeupNs);
    expect(requests).toMatchObject(json.requestNs);
  });

  test("cyclictest has the latencies of all threads, and of each", async () => {
    const { json, only } = await reported(["cyclictest", "-t", "2", "-l", "10", "--vcpus", "1"]);
    expect(namesOf(only)).toEqual(["All threads", "Thread 0", "Thread 1"]);
    const [all, ...each] = only.distributions.map(({ histogram }) => histogram);
    expect(all!.count).toBe(each[0]!.count + each[1]!.count);
    for (const [at, { max, p99 }] of each.entries()) expect(json.threads[at]).toMatchObject({ max, p99 });
    const alone = await reported(["cyclictest", "-l", "5", "--vcpus", "1"]);
    expect(namesOf(alone.only)).toEqual(["Latency"]);
    const many = await reported(["cyclictest", "-t", "9", "-l", "2", "--vcpus", "1"]);
    expect(namesOf(many.only)).toEqual(["All threads"]);
  });

  test("futex-wake has a sample a run", async () => {
    const { json, only } = await reported(["futex-wake", "-r", "3", "--vcpus", "2"]);
    expect(only.distributions[0]).toMatchObject({
      name: "All woken",
      histogram: { count: 3, max: Math.round(Math.max(...json.runsNs)) },
    });
  });

  test("messaging, of which only the whole is known, has figures, utilisation and a timeline", async () => {
    const { json, only } = await reported(["hackbench", "-g", "1", "-f", "2", "-l", "2", "--vcpus", "2"]);
    expect([only.workload, only.distributions]).toEqual(["hackbench", []]);
    expect(only.figures[0]).toMatchObject({ name: "total time", unit: "ns", value: json.totalNs });
    expect([only.cpus.length, only.timeline!.dropped]).toEqual([2, 0]);
  });

  test("umcg-fanout has rounds and wake-ups, and a timeline with the roles of UMCG", async () => {
    const { json, only } = await reported(["umcg-fanout", "-w", "2", "-l", "5", "--vcpus", "2"]);
    expect(namesOf(only)).toEqual(["Round", "Wake-up"]);
    expect(only.distributions[0]!.histogram).toMatchObject(json.round);
    expect(only.distributions[1]!.histogram).toMatchObject(json.wake);
    expect(Object.values(only.timeline!.names["syscallName"]!)).toContain("umcg_ctl");
  });

  test("seccomp-notify has the round trips", async () => {
    const { json, only } = await reported(["seccomp-notify", "-l", "20"]);
    const { modes: _, ...roundTrip } = json.roundTrip;
    expect(only.distributions).toHaveLength(1);
    expect(only.distributions[0]!.histogram).toMatchObject(roundTrip);
    expect([only.cpus.length, only.timeline!.dropped]).toEqual([2, 0]);
  });

  test("rtapp has phases, and wake-ups of tasks with a timer", async () => {
    const file = join(folder, "tasks.json");
    const timed = { loop: 5, run: 1000, timer: { ref: "tick", period: 10_000 } };
    writeFileSync(file, JSON.stringify({ tasks: { timed, free: { loop: 3, run: 1000, sleep: 1000 } } }));
    const { json, only } = await reported(["rtapp", file, "--vcpus", "1"]);
    expect(namesOf(only)).toEqual(["timed: wake-up", "timed: phase", "free: phase"]);
    expect(only.distributions[0]!.histogram.max).toBe(Math.round(json.tasks[0].wakeLatency.max));
    expect(only.distributions.map(({ histogram }) => histogram.count)).toEqual([5, 5, 3]);
  });
});

describe("--report of a study", () => {
  test("gives the same file for the same seed, and prints the same as without", async () => {
    const args = ["futex-wake", "-r", "2", "--vcpus", "2", "--jitter", "--seed", "7"];
    const first = await reported(args);
    const second = await reported(args);
    expect(second.html).toBe(first.html);
    const plain = await run(["bench", ...args, "--json"]);
    expect(JSON.parse(plain.stdout)).toEqual(first.json);
  });

  test("is in the help of each", async () => {
    for (const { name } of STUDIES) {
      const { stdout } = await run(["bench", name, "--help"]);
      expect([name, stdout.includes("--report FILE")]).toEqual([name, true]);
    }
  });

  test("leaves nothing when the user interrupts", async () => {
    const onTurn = (turn: number): "SIGINT" | undefined => (turn === 3 ? "SIGINT" : undefined);
    const args = ["bench", "cyclictest", "-l", "100000", "--report", path];
    const { code, stdout } = await run(args, { onTurn, msPerLook: 10 });
    expect([code, readdirSync(folder)]).toEqual([130, []]);
    expect(stdout).toContain("The run was cut short.");
  });

  test("is of one run, in a file that can be written", async () => {
    const repeated = await run(["bench", "futex-wake", "--repeat", "2", "--report", path]);
    expect([repeated.code, readdirSync(folder)]).toEqual([2, []]);
    expect(repeated.stderr).toContain("--report is of one run: leave out --repeat");
    const nowhere = join(folder, "no", "out.html");
    const { code, stderr } = await run(["bench", "cyclictest", "-l", "1000000000", "--report", nowhere]);
    expect(code).toBe(1);
    expect(stderr).toContain(`ERR_TRACE_FILE: cannot write "${nowhere}"`);
  });
});

describe("--report of rings", () => {
  test("has a machine for each, with its wake-ups", async () => {
    const { json, data } = await reported(["switch", "2", "4", "-N", "5", "--vcpus", "2"]);
    expect(data.groups).toEqual([
      { name: "2 tasks", runs: [0] },
      { name: "4 tasks", runs: [1] },
    ]);
    for (const [i, ring] of (
      json.rings as { switchNs: number; hopNs: number; overheadNs: number }[]
    ).entries()) {
      const { figures, distributions, timeline, cpus } = data.runs[i]!;
      expect(figures.map(({ value }) => value)).toEqual([ring.switchNs, ring.hopNs, ring.overheadNs]);
      expect(distributions.map(({ wakes }) => wakes)).toEqual([
        "wakeToUser",
        "wakeToQueued",
        "queuedToRunning",
      ]);
      expect(distributions[0]!.histogram.count).toBeGreaterThan(10);
      expect([cpus.length, timeline!.dropped]).toEqual([2, 0]);
    }
    expect(data.reading).toMatch(/^A switch, .*, takes \d+ ns with 2 tasks, \d+ ns with 4 tasks\.$/);
  });
});

describe("--against of a study", () => {
  test("puts a second run with one other option beside the first, called by what differs", async () => {
    const { json, data } = await reported([...OPENLOOP, "--requests", "50", "--against", "policy=srpt"]);
    expect(data.groups).toEqual([{ name: "openloop", runs: [0, 1] }]);
    expect(data.runs.map(({ label }) => label)).toEqual(["eevdf", "srpt"]);
    const { only: alone } = await reported([...OPENLOOP, "--requests", "50", "--policy", "srpt"]);
    expect(data.runs[1]!.distributions).toEqual(alone.distributions);
    expect(data.runs[1]!.figures).toEqual(alone.figures);
    expect(data.runs[0]!.figures[0]!.value).toBe(
      json.metrics.find(({ name }: Series) => name === data.runs[0]!.figures[0]!.name).values[0],
    );
    expect(data.reading).toMatch(/^With eevdf: A request .* With srpt: A request /);
  });

  test("shows of both what both have", async () => {
    const { data } = await reported([...OPENLOOP, "--requests", "50", "--against", "service=exp:8us"]);
    expect(data.runs.map(({ distributions }) => distributions.map(({ name }) => name))).toEqual([
      ["Sojourn", "Waiting"],
      ["Sojourn", "Waiting"],
    ]);
    const [a, b] = data.runs.map(({ settings }) => settings.map(([name]) => name));
    expect(a).toEqual(b);
  });

  test("may be an option without a value, or with one letter", async () => {
    const sync = await reported(["seccomp-notify", "-l", "20", "--vcpus", "2", "--against", "sync-mode"]);
    expect(sync.data.runs).toHaveLength(2);
    const letter = await reported(["futex-wake", "-r", "2", "-t", "2", "--vcpus", "2", "--against", "t=3"]);
    expect(letter.data.runs.map(({ label }) => label)).toEqual(["threads 2", "threads 3"]);
  });

  test.each([
    [["futex-wake", "--against", "vcpus=2"], "--against puts a second run into a report: give --report"],
    [
      ["futex-wake", "--report", "PATH", "--against", "vcpu=2"],
      'unknown option "--vcpu"; did you mean --vcpus?',
    ],
    [
      ["futex-wake", "--report", "PATH", "--against", "json"],
      'its value in the second run: vcpus=16; got "json"',
    ],
    [
      ["futex-wake", "--report", "PATH", "--against", "=2"],
      'its value in the second run: vcpus=16; got "=2"',
    ],
    [
      ["futex-wake", "--report", "PATH", "--against", "vcpus=0", "-r", "1"],
      '--vcpus must be an integer from 1 to 1024, got "0"',
    ],
    [
      ["switch", "--report", "PATH", "--against", "vcpus=2"],
      "--against does not go with switch: its rings stand",
    ],
    [
      ["policies", "--report", "PATH", "--against", "vcpus=2"],
      "--against does not go with policies: its policies",
    ],
    [["futex-wake", "--report", "PATH", "--against", "vcpus=2", "--repeat", "2"], "leave out --repeat"],
  ])("is refused and leaves nothing: %j", async (args, problem) => {
    const { code, stderr } = await run(["bench", ...args.map((arg) => (arg === "PATH" ? path : arg))]);
    expect([code, readdirSync(folder)]).toEqual([2, []]);
    expect(stderr).toContain(problem);
  });

  test("leaves nothing when the user interrupts", async () => {
    const onTurn = (turn: number): "SIGINT" | undefined => (turn === 3 ? "SIGINT" : undefined);
    const args = ["bench", "cyclictest", "-l", "100000", "--against", "vcpus=2", "--report", path];
    const { code } = await run(args, { onTurn, msPerLook: 10 });
    expect([code, readdirSync(folder)]).toEqual([130, []]);
  });
});
