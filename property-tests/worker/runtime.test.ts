/**
 * Random programs on the thread library: trees of workers that compute, sleep, yield, park, unpark and join, on random
 * numbers of vCPUs and servers. Nothing is lost: every worker ends, every join gives its result, the machine comes to
 * rest without a deadlock, and the same program gives the same trace.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  createMachine,
  createRuntime,
  FAIR_POLICIES,
  type FairPolicy,
  POLICY_NAMES,
  type PolicyName,
  TraceHash,
  type Worker,
  type WorkerFunction,
} from "../../src/index.ts";

type Act =
  | { act: "work" | "sleep"; ns: number }
  | { act: "yield" | "selfUnpark" }
  | { act: "servers"; count: number }
  | { act: "child"; child: Plan };
type Plan = { acts: Act[]; joinLate: boolean };

const MAX_SERVERS = 6;

const { plan } = fc.letrec<{ plan: Plan; act: Act }>((tie) => ({
  act: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.record({ act: fc.constantFrom("work" as const, "sleep" as const), ns: fc.nat(60_000) }),
    fc.record({ act: fc.constantFrom("yield" as const, "selfUnpark" as const) }),
    fc.record({ act: fc.constant("servers" as const), count: fc.integer({ min: 1, max: MAX_SERVERS }) }),
    fc.record({ act: fc.constant("child" as const), child: tie("plan") }),
  ),
  plan: fc.record({ acts: fc.array(tie("act"), { maxLength: 6 }), joinLate: fc.boolean() }),
}));

function size(p: Plan): number {
  return 1 + p.acts.reduce((sum, a) => sum + (a.act === "child" ? size(a.child) : 0), 0);
}

/** Returns the number of workers in its tree, counted through joins. */
function body(p: Plan): WorkerFunction<number> {
  return function* (w: Worker) {
    const children = [];
    let total = 1;
    for (const a of p.acts) {
      if (a.act === "work") yield* w.work(a.ns);
      else if (a.act === "sleep") yield* w.sleep(a.ns);
      else if (a.act === "yield") yield* w.yield();
      else if (a.act === "servers") yield* w.setServers(a.count);
      else if (a.act === "selfUnpark") {
        yield* w.unpark(w);
        yield* w.park();
      } else if (a.act === "child") {
        const child = yield* w.spawn(body(a.child));
        if (p.joinLate) children.push(child);
        else total += yield* w.join(child);
      }
    }
    for (const child of children) total += yield* w.join(child);
    return total;
  };
}

interface Setting {
  vcpus: number;
  servers: number;
  jitter: boolean;
  fair: FairPolicy;
  policy: PolicyName;
  preemptNs: number;
  spin: number;
}

const setting: fc.Arbitrary<Setting> = fc.record({
  vcpus: fc.integer({ min: 1, max: 4 }),
  servers: fc.integer({ min: 1, max: MAX_SERVERS }),
  jitter: fc.boolean(),
  fair: fc.constantFrom(...FAIR_POLICIES),
  policy: fc.constantFrom(...POLICY_NAMES),
  preemptNs: fc.constantFrom(0, 20_000),
  spin: fc.constantFrom(0, 0, 3),
});

function runOnce(plans: Plan[], { vcpus, jitter, fair, servers, policy, preemptNs, spin }: Setting) {
  const machine = createMachine({ vcpus, trace: true, check: true, jitter, seed: 7, fair });
  const hash = new TraceHash();
  machine.trace.addSink(hash);
  const options = { servers, maxServers: MAX_SERVERS, policy, preemptNs, idle: { spin } };
  const runtime = createRuntime(machine, options);
  const handles = plans.map((p) => runtime.spawn(body(p)));
  machine.run();
  return { digest: hash.digest(), results: handles.map((h) => h.result), stats: runtime.stats() };
}

describe("random programs on the thread library", () => {
  it("end, with every worker accounted for, and deterministically", () => {
    fc.assert(
      fc.property(fc.array(plan, { minLength: 1, maxLength: 5 }), setting, (plans, how) => {
        const first = runOnce(plans, how);
        expect(first.results).toEqual(plans.map(size));
        const again = runOnce(plans, how);
        expect([again.digest, again.stats]).toEqual([first.digest, first.stats]);
      }),
      { numRuns: Number(process.env["FC_RUNS"] ?? 60) },
    );
  });
});
