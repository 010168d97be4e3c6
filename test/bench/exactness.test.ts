// The deterministic ping-pongs equal the hand-added sums of their step costs, to the ns.
import { describe, expect, test } from "vitest";
import { WORKLOADS } from "../../src/bench/registry.ts";
import { type BenchOptions, type BenchResult, runBench } from "../../src/bench/run-bench.ts";
import { SETTLE_NS, type Workload } from "../../src/bench/workload.ts";
import { futexSwap } from "../../src/bench/workloads/futex-swap.ts";
import { pipe } from "../../src/bench/workloads/pipe.ts";
import { umcgBlock } from "../../src/bench/workloads/umcg-block.ts";
import { umcgSwap } from "../../src/bench/workloads/umcg-swap.ts";
import { type CostModel, exitLatency, type ProfileName } from "../../src/hosts/virtual/cost-model.ts";
import { WAKE_MODES } from "../../src/kernel-sim/config.ts";
import { MODELS, pingPongHandOff, runRounds, stopped, sum } from "./fixture.ts";

function bench(workload: Workload, model: CostModel, options: Partial<BenchOptions>): BenchResult {
  const profile = model.name as ProfileName;
  return runBench({ workload, profile, vcpus: 1, loops: 100, clock: stopped, ...options });
}

/** A sys_umcg_wait that switches: one call, in which the caller blocks and the partner returns. */
function switchCost(model: CostModel): number {
  return sum(model, "syscallEntry", "wake", "block", "switch", "syscallExit");
}

const PING_PONGS = [futexSwap, pipe];

describe.each(MODELS)("on one CPU, $name", (model) => {
  const profile = model.name as ProfileName;

  describe.each(WAKE_MODES)("wake %s", (wake) => {
    test.each(PING_PONGS)("a hand-off of $name is the sum of its steps", (workload) => {
      const { virtualNs, nsPerOp } = bench(workload, model, { wake });
      expect(nsPerOp).toBe(pingPongHandOff(model));
      expect(virtualNs).toBe(200 * pingPongHandOff(model));
    });

    test("a hand-off of umcg-swap is the sum of its steps", () => {
      expect(bench(umcgSwap, model, { wake }).virtualNs).toBe(200 * switchCost(model));
    });

    test("a round of umcg-block is five blocking switches", () => {
      expect(bench(umcgBlock, model, { wake }).virtualNs).toBe(100 * 5 * switchCost(model));
    });
  });

  test.each(PING_PONGS)("$name: two runs of different length differ by the hand-offs alone", (workload) => {
    const longer = runRounds(workload, { profile }, 1234) - runRounds(workload, { profile }, 1000);
    expect(longer).toBe(234 * 2 * pingPongHandOff(model));
  });

  test("futex-swap: the whole run, with set-up and tear-down", () => {
    const rounds = 10;
    const followerFirst = sum(model, "switch") + sum(model, "syscallEntry", "block", "switch");
    const lastTurn = sum(model, "syscallEntry", "wake", "syscallExit");
    const leaderExits = sum(model, "block", "switch");
    const followerExits = sum(model, "syscallExit", "block");
    const total = followerFirst + SETTLE_NS + 2 * rounds * pingPongHandOff(model);
    expect(runRounds(futexSwap, { profile }, rounds)).toBe(total + lastTurn + leaderExits + followerExits);
  });

  test("pipe: the whole run, with set-up and tear-down", () => {
    const rounds = 10;
    const leaderFirst = sum(model, "switch") + SETTLE_NS;
    // The follower has not read yet when the first byte comes: nobody is woken, and it enters its first read late.
    const lateFollower = sum(model, "syscallEntry") - sum(model, "wake");
    const lastByte = sum(model, "syscallEntry", "wake", "syscallExit");
    const leaderExits = sum(model, "block", "switch");
    const followerExits = sum(model, "syscallExit", "block");
    const total = leaderFirst + lateFollower + 2 * rounds * pingPongHandOff(model);
    expect(runRounds(pipe, { profile }, rounds)).toBe(total + lastByte + leaderExits + followerExits);
  });
});

test.each([
  ["native", 1250, 1175],
  ["guest", 1690, 1570],
] as const)(
  "the check values of the cost model, %s: %i ns by futex or pipe, %i ns by UMCG",
  (profile, plain, umcg) => {
    const ns = (workload: Workload): number =>
      runBench({ workload, profile, vcpus: 1, loops: 10, clock: stopped }).nsPerOp;
    expect([ns(futexSwap), ns(pipe), ns(umcgSwap)]).toEqual([plain, plain, umcg]);
  },
);

describe.each(MODELS)("between two CPUs, $name", (model) => {
  const waker = sum(model, "syscallEntry", "wake", "cacheLine");
  const wakee = sum(model, "idleLoopExit", "switch", "syscallExit");
  const workloads = [futexSwap, pipe, umcgSwap];

  test.each(workloads)("$name to a halted CPU: list line and IPI; delivery and exit latency", (workload) => {
    const idle = model.idleStates[model.defaultIdleState]!;
    const signal = sum(model, "ipiSend", "ipiDeliver") + exitLatency(idle, 10_000);
    expect(bench(workload, model, { vcpus: 2, wake: "any" }).nsPerOp).toBe(waker + signal + wakee);
  });

  test.each(workloads)("$name to a polling CPU: list line and flag line; line transfer", (workload) => {
    const signal = sum(model, "cacheLine", "cacheLine");
    const { nsPerOp } = bench(workload, model, { vcpus: 2, wake: "any", idle: "poll" });
    expect(nsPerOp).toBe(waker + signal + wakee);
  });
});

test.each(WORKLOADS)("$name with jitter is near its sum without, and differs from it", (workload) => {
  const exact = runBench({ workload, vcpus: 1, loops: 2000, clock: stopped }).nsPerOp;
  const noisy = runBench({ workload, vcpus: 1, loops: 2000, jitter: true, clock: stopped }).nsPerOp;
  expect(noisy).not.toBe(exact);
  expect(noisy / exact).toBeGreaterThan(0.98);
  expect(noisy / exact).toBeLessThan(1.05);
});
