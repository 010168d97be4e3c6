/**
 * Whether memory stays flat while an exploration goes on. Prints one JSON object a line, with what is held every so often:
 *
 *     npm run -s bench:memory                                  one minute of a random walk on reorder with 9 setters
 *     npm run -s bench:memory -- --minutes 60 --strategy surw
 *     npm run -s bench:memory -- --minutes 60 --builtin fib_bench --strategy optimal
 *
 *     {"minutes":0.5,"executions":6400000,"rssMB":83.1,"heapMB":9.2}
 *     {"name":"memory/heap","value":0.4,"error":0.9,"unit":"MB/hour","verdict":"flat"}
 *     {"name":"memory/rss","value":1.2,"error":3.1,"unit":"MB/hour","verdict":"flat"}
 *
 * The heap is measured behind a full collection, so what it shows is held by somebody; resident memory is what the process has
 * asked for. Slopes are by least squares over the second half of the time: the first is for warming up. "flat" is a slope of less than
 * LIMIT even with two standard errors on top of it, "grows" one of more even without them, by which more was held in the end than
 * V8 takes and gives back as it likes; else the run was "too short" to tell, as one of a minute is for resident memory. Exit code: 0
 * unless something grows.
 *
 * A search that comes to its end begins anew: what it held must be gone. Violations do not end it.
 */
import { parseArgs } from "node:util";
import { Exploration, STRATEGIES, type StrategyName } from "../src/explore/index.ts";
import { systemOf } from "./programs/define.ts";
import { PROGRAMS } from "./programs/registry.ts";
import { type Trend, trendOf, verdictOn } from "./support/trend.ts";

const LIMIT_MB_PER_HOUR = 10;
/** What the heap and the process may rise by without a leak, MB: tables that double, pages of the young generation. */
const JITTER_MB = { heap: 1, rss: 32 };
const SAMPLES = 120;
const LEAST_INTERVAL_MS = 500;
const MB = 1 << 20;
const MS_PER_MINUTE = 60_000;
const MINUTES_PER_HOUR = 60;
/** Executions between two looks at the clock. */
const STRETCH = 1_000;

interface Sample {
  readonly minutes: number;
  readonly executions: number;
  readonly rssMB: number;
  readonly heapMB: number;
}

const collect = globalThis.gc;
if (collect === undefined) throw new Error("run it with --expose-gc: npm run bench:memory");

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "1" },
    builtin: { type: "string", default: "reorder" },
    strategy: { type: "string", default: "random" },
  },
});
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new RangeError(`--minutes must be a number above 0, got ${values.minutes}`);
const program = PROGRAMS.get(values.builtin);
if (program === undefined) throw new RangeError(`there is no program ${values.builtin}`);
if (!Object.hasOwn(STRATEGIES, values.strategy))
  throw new RangeError(`there is no strategy ${values.strategy}`);
const strategy = values.strategy as StrategyName;
/** Large enough that no search comes to its end in a moment. */
const parameters = { reorder: { setters: 9 }, fib_bench: { n: 4 } }[values.builtin] ?? {};

function begin(): Exploration {
  const options = { strategy, stopAtFirst: false, shrink: false, maxExecutions: Number.POSITIVE_INFINITY };
  return new Exploration({ makeSystem: () => systemOf(program!, parameters) }, options);
}

let executions = 0;
let exploration = begin();

function stretch(): void {
  const before = exploration.attempts;
  let left = STRETCH;
  const ended = exploration.advance(() => --left <= 0);
  executions += exploration.attempts - before;
  if (ended) exploration = begin();
}

function look(startedAt: number): Sample {
  collect!();
  const { rss, heapUsed } = process.memoryUsage();
  const round = (value: number): number => Number(value.toFixed(3));
  return {
    minutes: round((performance.now() - startedAt) / MS_PER_MINUTE),
    executions,
    rssMB: round(rss / MB),
    heapMB: round(heapUsed / MB),
  };
}

function measure(): Sample[] {
  const startedAt = performance.now();
  const endsAt = startedAt + minutes * MS_PER_MINUTE;
  const interval = Math.max((endsAt - startedAt) / SAMPLES, LEAST_INTERVAL_MS);
  const samples: Sample[] = [];
  for (let due = startedAt + interval; performance.now() < endsAt; ) {
    stretch();
    if (performance.now() < due) continue;
    samples.push(look(startedAt));
    console.log(JSON.stringify(samples.at(-1)));
    due += interval;
  }
  return samples;
}

function tell(name: keyof typeof JITTER_MB, { slope, error }: Trend): void {
  const verdict = verdictOn(
    { slope, error },
    LIMIT_MB_PER_HOUR,
    JITTER_MB[name],
    minutes / 2 / MINUTES_PER_HOUR,
  );
  const [value, off] = [slope, error].map((number) => Number(number.toPrecision(3)));
  console.log(JSON.stringify({ name: `memory/${name}`, value, error: off, unit: "MB/hour", verdict }));
  if (verdict === "grows") process.exitCode = 1;
}

const samples = measure();
const warm = samples.filter((sample) => sample.minutes >= minutes / 2);
if (warm.length < 3)
  throw new RangeError("there were fewer than three measurements: more minutes are needed");
tell("heap", trendOf(warm.map((sample) => [sample.minutes / MINUTES_PER_HOUR, sample.heapMB])));
tell("rss", trendOf(warm.map((sample) => [sample.minutes / MINUTES_PER_HOUR, sample.rssMB])));
