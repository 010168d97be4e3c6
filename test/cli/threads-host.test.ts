// `umcg bench --host threads`: each workload in real time, what it refuses, and that it ends without a thread left.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Ran, run } from "./fake-io.ts";

// Workers load sources: what they have been compiled to is kept for the next one.
process.env["NODE_COMPILE_CACHE"] ??= join(tmpdir(), "umcg-compiled");

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "umcg-threads-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const bench = (line: string, options = {}): Promise<Ran> => run(["bench", ...line.split(" ")], options);

describe("umcg bench --host threads", () => {
  test("runs a UMCG workload across vCPUs, in real time, with its spans, a report and a comparison", async () => {
    const report = join(folder, "block.html");
    const { code, stdout, stderr } = await bench(
      `umcg-block --host threads --vcpus 2 -l 40 --report ${report} --json`,
    );
    expect([code, stderr]).toEqual([0, `report in ${report}\n`]);
    const json = JSON.parse(stdout);
    expect(json).toMatchObject({
      workload: "umcg-block",
      host: "threads",
      place: "apart",
      vcpus: 2,
      loops: 40,
    });
    expect(json).toMatchObject({ complete: true, traced: 1, exact: false, repeat: 1 });
    expect(json.spans.wakeToUser.count).toBe(40);
    expect(json.round.count).toBe(40);
    expect(json.nsPerOp).toBeCloseTo(json.realNs / 40, 3);
    // Five switches a loop, and those to and from idle.
    expect(json.switches).toBeGreaterThanOrEqual(5 * 40 - 5);
    expect(json.metrics.map(({ name }: { name: string }) => name)).toContain("wake to user p99");
    const html = readFileSync(report, "utf8");
    expect(html).toContain("threads, real time");
    expect(html).toContain('"time":"real"');

    const real = join(folder, "real.json");
    const virtual = join(folder, "virtual.json");
    writeFileSync(real, stdout);
    writeFileSync(virtual, (await bench("umcg-block --vcpus 2 -l 40 --json")).stdout);
    const compared = await bench(`compare ${virtual} ${real}`);
    expect(compared.code).toBe(2);
    expect(compared.stderr).toContain(
      "umcg-block was measured on the virtual host in A and on the threads host in B: virtual and real time cannot be compared",
    );
    expect((await bench(`compare ${real} ${real}`)).stdout).toMatch(/^umcg-block\n {2}hand-off /m);
  });

  test("interrupted, shows the loops that are over", async () => {
    const { code, stdout, stderr, handlers } = await bench(
      "pipe --host threads --vcpus 1 --warm-up 0 -l 1000000",
      // When the first loops are over: the Workers take some turns to load.
      { onTurn: () => (performance.now() > began + 2500 ? "SIGINT" : undefined) },
    );
    expect([code, stderr, handlers]).toEqual([130, "umcg: interrupted by SIGINT\n", 0]);
    if (stdout === "") return;
    expect(stdout).toMatch(/^pipe: \d+ loops?\nthreads host, real time, 1 vCPU, \d+ cores?, /);
    expect(stdout).toContain("The run was cut short: 1000000 loops were asked for.\n");
    expect(stdout).not.toMatch(/NaN|undefined|Infinity/);
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  });
  const began = performance.now();

  test.each([
    ["pipe --host real", '--host must be one of virtual, threads, got "real"'],
    [
      "pipe --host threads --profile guest",
      "--profile guest does not go with --host threads: time is real there",
    ],
    [
      "pipe --host threads --jitter",
      "--jitter does not go with --host threads: the noise is the machine's own",
    ],
    ["pipe --host threads --seed 7", "--seed 7 does not go with --host threads: nothing is drawn there"],
    [
      "pipe --host threads --wake sync",
      "--wake sync does not go with --host threads: tasks live on the vCPU",
    ],
    ["--matrix --host threads", "--matrix does not go with --host threads"],
    ["pipe --host threads --vcpus 65", '--vcpus must be an integer from 1 to 64, got "65"'],
    ["pipe --host threads --vcpus 1 --place apart", "--place apart takes at least two vCPUs, got 1"],
    ["pipe --host threads --place near", '--place must be one of same, apart, got "near"'],
    ["pipe --host threads --report r.html --repeat 2", "--report is of one run: leave out --repeat"],
    [
      "pipe --host threads --report r --trace r",
      "--trace and --report both name r: one would overwrite the other",
    ],
    ["pipe --host threads --against same", "--against puts a second run into a report"],
    [
      "pipe --host threads --report r.html --vcpus 1 --against apart",
      "--against apart takes at least two vCPUs",
    ],
    ["pipe --place same", "--place same goes with --host threads"],
    ["piep --host threads", 'unknown workload "piep"; did you mean pipe?'],
    [
      "messaging --host threads",
      "--host threads does not go with messaging: its tasks share JavaScript objects",
    ],
  ])("%s is refused", async (line, message) => {
    const { code, stdout, stderr } = await bench(line);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(`umcg: ERR_USAGE: ${message}`);
  });

  test("studies run on the virtual host, also when it is named", async () => {
    const { code, stdout } = await bench("futex-wake --host virtual -t 2 -r 1 --vcpus 2");
    expect([code, stdout.slice(0, 10)]).toEqual([0, "futex-wake"]);
  });
});
