// The study of policies: its workloads on each policy, what is counted of them, and what they show.
import { describe, expect, test } from "vitest";
import { type PolicyResult, PolicyRun, type PolicyRunOptions } from "../../src/bench/policies/policy-run.ts";
import { POLICY_WORKLOADS } from "../../src/bench/policies/policy-workloads.ts";
import { POLICY_NAMES, type PolicyName } from "../../src/index.ts";
import { stopped } from "./fixture.ts";

function run(workload: string, policy: PolicyName, options: Partial<PolicyRunOptions> = {}): PolicyResult {
  const cell = new PolicyRun({
    workload: POLICY_WORKLOADS.find(({ name }) => name === workload)!,
    contender: { name: policy, policy },
    vcpus: 2,
    durationNs: 4_000_000,
    preemptNs: 100_000,
    seed: 1,
    profile: "native",
    clock: stopped,
    ...options,
  });
  expect(cell.advance()).toBe(true);
  expect(cell.progress).toBe(1);
  return cell.result();
}

describe.each(POLICY_WORKLOADS.map(({ name }) => name))("%s", (workload) => {
  const durationNs = workload === "mixed" ? 4_000_000 : 1_500_000;

  test.each(POLICY_NAMES)(
    "%s: gets something done, accounts for all its time, and again the same",
    (policy) => {
      const result = run(workload, policy, { durationNs });
      expect(result).toMatchObject({ workload, policy, durationNs, wallMs: 0 });
      expect(result.throughput).toBe((result.operations * 1e9) / durationNs);
      expect(result.operations).toBeGreaterThan(50);
      expect(result.wake.count).toBeGreaterThan(10);
      expect(result.utilisation + result.overhead + result.idle).toBeCloseTo(1, 12);
      expect(result.utilisation).toBeGreaterThan(0.7);
      // Somebody is run for each operation, save where a worker does several in one run.
      expect(result.runs).toBeGreaterThan(result.operations / 20);
      expect(run(workload, policy, { durationNs })).toEqual(result);
      expect(run(workload, policy, { durationNs, seed: 2 }).wake).not.toEqual(result.wake);
    },
  );
});

describe("what they show", () => {
  const p99 = (policy: PolicyName, options: Partial<PolicyRunOptions> = {}): number =>
    run("mixed", policy, { durationNs: 10_000_000, ...options }).wake.p99;

  test("policies that tell classes apart wake the urgent ones sooner, if they may take the CPU away", () => {
    const fifo = p99("fifo");
    for (const policy of ["priority", "edf"] as const) {
      expect(p99(policy)).toBeLessThan(fifo / 1.5);
      expect(p99(policy, { preemptNs: 0 })).toBeGreaterThan(3 * p99(policy));
    }
  });

  test("a pipeline whose later stages come first hands on sooner", () => {
    const [fifo, priority] = (["fifo", "priority"] as const).map((policy) =>
      run("pipeline", policy, { durationNs: 2_000_000 }),
    );
    expect(priority!.wake.p50).toBeLessThan(fifo!.wake.p50 / 4);
  });

  test("fork and join uses the CPUs it has, and steals where there are queues to steal from", () => {
    const [two, eight] = [2, 8].map((vcpus) => run("fork-join", "work-stealing", { vcpus }));
    expect(eight!.operations / two!.operations).toBeGreaterThan(3.2);
    expect(eight!.steals).toBeGreaterThan(0);
    expect(run("fork-join", "fifo").steals).toBe(0);
  });

  test("preemptions happen with ticks only", () => {
    const without = run("mixed", "go-like", { preemptNs: 0 });
    expect([without.preemptions, without.ticks]).toEqual([0, 0]);
    const { preemptions, ticks } = run("mixed", "go-like");
    expect(preemptions).toBeGreaterThan(10);
    expect(ticks).toBeGreaterThanOrEqual(preemptions);
  });
});

test("a run goes in stretches and comes to the same", () => {
  const options: PolicyRunOptions = {
    workload: POLICY_WORKLOADS[0]!,
    contender: { name: "go-like", policy: "go-like" },
    vcpus: 2,
    durationNs: 1_000_000,
    preemptNs: 100_000,
    seed: 1,
    profile: "native",
    clock: stopped,
  };
  const cell = new PolicyRun(options);
  let stretches = 0;
  let asked = 0;
  while (!cell.advance(() => ++asked % 5 === 0)) {
    expect(cell.progress).toBeLessThan(1);
    stretches++;
  }
  expect(stretches).toBeGreaterThan(3);
  expect(cell.result()).toEqual(run("fork-join", "go-like", { durationNs: 1_000_000 }));
});
