/**
 * Explores the thread library and the lists on the simulated kernel to the end, and prints a row of docs/library-explored.md for each:
 *
 *     node scripts/explore-served.ts                               # every program, from where one waits
 *     node scripts/explore-served.ts --stage parks mutex park      # some, from another stage
 *     node scripts/explore-served.ts --stage meets --minutes 10    # for so long at most, each
 *     node scripts/explore-served.ts --servers 1 --policy go-like
 *     node scripts/explore-served.ts --lists
 *
 * What is not complete is told with how much there may be (Knuth's estimate). Seconds are of CPU time. Ends with 1 if
 * something is wrong.
 */
import { parseArgs } from "node:util";
import { KERNEL_LISTS, kernelListProgram } from "../property-tests/explore/library/kernel-lists.ts";
import { MEETINGS, type Stage, servedProgram } from "../property-tests/explore/library/served.ts";
import { type Explorable, Exploration } from "../src/explore/index.ts";
import type { PolicyName } from "../src/server/policies/index.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    stage: { type: "string", default: "waits" },
    servers: { type: "string", default: "2" },
    policy: { type: "string", default: "fifo" },
    minutes: { type: "string", default: "60" },
    lists: { type: "boolean", default: false },
  },
});
const stage = values.stage as Stage;
const policy = values.policy as PolicyName;
const servers = Number(values.servers);

/** Counts steps, those included that lead back to a branch. */
function counting({ makeSystem }: Explorable): {
  readonly explorable: Explorable;
  readonly steps: () => number;
} {
  let steps = 0;
  const counted = (): ReturnType<typeof makeSystem> => {
    const system = makeSystem();
    const step = system.step.bind(system);
    system.step = (actor, alternative) => {
      steps++;
      step(actor, alternative);
    };
    return system;
  };
  return { explorable: { makeSystem: counted }, steps: () => steps };
}

function run(name: string, explorable: Explorable): void {
  const { explorable: counted, steps } = counting(explorable);
  const began = process.cpuUsage().user;
  const seconds = (): number => (process.cpuUsage().user - began) / 1e6;
  const exploration = new Exploration(counted);
  if (!exploration.advance(() => seconds() > 60 * Number(values.minutes))) exploration.interrupt("time");
  const { complete, executions, distinct, blocked, violations } = exploration.result();
  const share = complete ? 1 : (exploration.outlook()?.share ?? 0);
  const whole = complete ? "complete" : `of about ${Number((executions / share).toPrecision(1))}`;
  const row = [name, executions, distinct, blocked, steps(), seconds().toFixed(1), whole];
  console.log(`| ${row.join(" | ")} |`);
  for (const { kind, message, schedule } of violations)
    console.log(`${kind}: ${message}; schedule "${schedule}"`);
  if (violations.length > 0) process.exitCode = 1;
}

console.log("| program | executions | distinct | blocked | steps made | seconds | |");
console.log("|---|---|---|---|---|---|---|");
const wanted = (name: string): boolean => positionals.length === 0 || positionals.includes(name);
for (const name of Object.keys(values.lists ? KERNEL_LISTS : MEETINGS).filter(wanted))
  run(name, values.lists ? kernelListProgram(name) : servedProgram(name, { servers, policy, stage }));
