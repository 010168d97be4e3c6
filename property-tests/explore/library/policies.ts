/** The policies of src/server/policies by themselves: three servers that enqueue, pick and steal (policy-program.ts). Of two, all: test/explore/library. */
import { policyProgram } from "../../../src/explore/index.ts";
import { makePolicy, POLICY_NAMES } from "../../../src/server/policies/index.ts";
import type { Subject } from "./subject.ts";

const MAX_BOUND = process.env["FC_RUNS"] === undefined ? 1 : 2;

export const POLICIES: readonly Subject[] = POLICY_NAMES.map((name) => ({
  name: `policy ${name}: three servers`,
  explorable: policyProgram((setup) => makePolicy(name, setup), { servers: 3 }),
  options: { strategy: "preemptions", maxBound: MAX_BOUND },
}));
