/** Open loops on a machine without costs, and whatever a test changes about them. */
import { OpenLoop, type OpenLoopOptions } from "../../../src/bench/openloop/open-loop.ts";
import { parsePolicy } from "../../../src/bench/openloop/policy.ts";
import { parseLaw } from "../../../src/bench/stats/laws.ts";

/** Mean service, ns; a rate of `load / SERVICE_NS` a ns loads one CPU with `load`. */
export const SERVICE_NS = 10_000;

export function openLoop(load: number, options: Partial<OpenLoopOptions> = {}): OpenLoop {
  const vcpus = options.vcpus ?? 1;
  const run = new OpenLoop({
    arrivals: "poisson",
    ratePerS: (load * vcpus * 1e9) / SERVICE_NS,
    service: parseLaw("exp:10us"),
    policy: parsePolicy("virtual-time"),
    vcpus,
    requests: 2000,
    warmUp: 0,
    workers: 256,
    queues: "central",
    irqCpu: 0,
    seed: 1,
    profile: "ideal",
    machine: { tickHz: 0 },
    clock: () => 0,
    ...options,
  });
  run.advance();
  return run;
}
