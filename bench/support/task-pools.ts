/**
 * A task that does nothing, on a pool of one's choice: prints us from submitting it to its result, one after the other, and
 * how many a second go through when 64 are under way.
 *
 *     node bench/support/task-pools.ts <pool> <folder with the pools' packages>
 *
 * Each pool has two Workers and is as its documentation has it at first; piscina also with its faster waits.
 */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { createThreads } from "../../src/threads/index.ts";
import { median } from "./interleave.ts";

const WARM_UP = 2_000;
const LATENCIES = 5_000;
const TASKS = 20_000;
const AT_ONCE = 64;
const WORKERS = 2;

interface Pool {
  /** Runs the task once. */
  run(): Promise<unknown>;
  close(): Promise<unknown>;
}

const [name, folder] = process.argv.slice(2) as [string, string];
const require = createRequire(pathToFileURL(`${folder}/`));
const load = async (packageName: string): Promise<Record<string, unknown>> =>
  (await import(pathToFileURL(require.resolve(packageName)).href)) as Record<string, unknown>;
const taskFile = (kind: string): string => `${folder}/${kind}`;

type Class = new (...args: unknown[]) => Record<string, (...args: unknown[]) => Promise<unknown>>;

async function umcg(): Promise<Pool> {
  const threads = await createThreads({ cpus: WORKERS, threads: WORKERS, prewarm: WORKERS });
  const spec = { url: new URL("./thread-games.ts", import.meta.url), export: "nothing" };
  return { run: () => threads.spawn(spec).join(), close: () => threads.close() };
}

async function piscina(options: object): Promise<Pool> {
  const module = await load("piscina");
  const Piscina = (module["Piscina"] ?? module["default"]) as Class;
  const threads = { minThreads: WORKERS, maxThreads: WORKERS };
  const pool = new Piscina({ filename: taskFile("nothing.mjs"), ...threads, ...options });
  return { run: () => pool["run"]!(undefined), close: () => pool["destroy"]!() };
}

async function tinypool(): Promise<Pool> {
  const { Tinypool } = (await load("tinypool")) as { Tinypool: Class };
  const pool = new Tinypool({ filename: taskFile("nothing.mjs"), minThreads: WORKERS, maxThreads: WORKERS });
  return { run: () => pool["run"]!(undefined), close: () => pool["destroy"]!() };
}

async function workerpool(): Promise<Pool> {
  const { pool: create } = require("workerpool") as { pool: (file: string, options: object) => never };
  const options = { minWorkers: WORKERS, maxWorkers: WORKERS, workerType: "thread" };
  const pool = create(taskFile("workerpool.cjs"), options) as Record<
    string,
    (...a: unknown[]) => Promise<unknown>
  >;
  return { run: () => pool["exec"]!("nothing", []), close: () => pool["terminate"]!() };
}

async function poolifier(): Promise<Pool> {
  const { FixedThreadPool } = (await load("poolifier")) as { FixedThreadPool: Class };
  const pool = new FixedThreadPool(WORKERS, taskFile("poolifier.mjs"));
  return { run: () => pool["execute"]!(undefined), close: () => pool["destroy"]!() };
}

async function multithreading(): Promise<Pool> {
  const library = (await load("multithreading")) as {
    spawn: (body: () => void) => { join(): Promise<unknown> };
    initRuntime?: (options: object) => void;
    shutdown?: () => void;
  };
  library.initRuntime?.({ maxWorkers: WORKERS });
  return { run: () => library.spawn(() => undefined).join(), close: async () => library.shutdown?.() };
}

const POOLS: Record<string, () => Promise<Pool>> = {
  umcg,
  piscina: () => piscina({}),
  "piscina-async": () => piscina({ atomics: "async" }),
  "piscina-no-atomics": () => piscina({ atomics: "disabled" }),
  tinypool,
  workerpool,
  poolifier,
  multithreading,
};

async function latencyUs(run: () => Promise<unknown>): Promise<number> {
  const samples: number[] = [];
  for (let i = -WARM_UP; i < LATENCIES; i++) {
    const begin = performance.now();
    await run();
    if (i >= 0) samples.push((performance.now() - begin) * 1000);
  }
  return median(samples);
}

async function perSecond(run: () => Promise<unknown>): Promise<number> {
  let left = TASKS;
  const begin = performance.now();
  const lane = async (): Promise<void> => {
    while (left-- > 0) await run();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return (TASKS * 1000) / (performance.now() - begin);
}

/** One thread that has another run it and waits. */
async function called(): Promise<{ us: number; perSecond: number }> {
  const threads = await createThreads({ cpus: WORKERS, threads: WORKERS, prewarm: WORKERS });
  const url = new URL("./thread-games.ts", import.meta.url);
  const args = [threads.define(url, "nothing"), WARM_UP + LATENCIES];
  const begin = performance.now();
  const samples = await threads.spawn<Float64Array>({ url, export: "callNothing", args }).join();
  const each = (performance.now() - begin) / args[1]!;
  await threads.close();
  return { us: median([...samples.subarray(WARM_UP)]) / 1000, perSecond: 1000 / each };
}

if (name === "umcg-call") console.log(JSON.stringify(await called()));
else {
  const pool = await POOLS[name]!();
  const run = (): Promise<unknown> => pool.run();
  console.log(JSON.stringify({ us: await latencyUs(run), perSecond: await perSecond(run) }));
  await pool.close();
  process.exit(0);
}
