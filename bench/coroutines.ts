/**
 * What it costs to go from one coroutine to another, here and in libraries that have coroutines. One JSON object a line:
 *
 *     {"name":"coroutines/effection","value":1630,"unit":"ns","baseline":"coroutines/generator-ring","ratio":103,"version":"4.1.1"}
 *
 * | name                        | one unit                                                                              |
 * |-----------------------------|---------------------------------------------------------------------------------------|
 * | coroutines/generator-ring   | one resumption in a round robin of two bare generators: the floor                      |
 * | coroutines/promise          | one `await` of a promise that is resolved: the floor of whatever is built on promises   |
 * | coroutines/umcg-swap        | two UMCG workers on one simulated CPU switch to each other, the kernel's whole path     |
 * | coroutines/umcg-yield       | a worker of the thread library yields to another: server, policy, two kernel switches   |
 * | coroutines/effection        | one of two tasks of effection waits for a resolved promise, the least it can wait for   |
 * | coroutines/effect           | one of two fibers of Effect yields to the other (`Effect.yieldNow`)                     |
 *
 * They do not do the same: the first two schedule nothing, and only those of umcg are on a CPU that can be taken away. Values are
 * medians of repetitions that take turns; ratios are to the baseline's value of this very run.
 *
 *     npm run -s bench:coroutines
 */
import { resolve } from "node:path";
import { run as runEffection, spawn, until } from "effection";
import { createMachine } from "../src/machine.ts";
import { createRuntime } from "../src/worker/runtime.ts";
import { median } from "./support/interleave.ts";
import { ringNs } from "./support/ring.ts";
import { scratchInstall, versionIn } from "./support/scratch-install.ts";
import { swapNs } from "./support/swap.ts";

const REPETITIONS = 9;
/** To compare with; effection is a development dependency. */
const OTHERS = { effect: "4.1.0" } as const;
const BASELINE = "coroutines/generator-ring";

interface Case {
  readonly name: string;
  readonly version?: string;
  /** ns of one unit. */
  readonly run: () => number | Promise<number>;
}

async function timed(units: number, run: () => unknown): Promise<number> {
  const started = performance.now();
  await run();
  return ((performance.now() - started) * 1e6) / units;
}

function promises(): Promise<number> {
  const units = 200_000;
  return timed(units, async () => {
    for (let i = 0; i < units; i++) await Promise.resolve(i);
  });
}

function yields(): Promise<number> {
  const turns = 50_000;
  const machine = createMachine({ vcpus: 1 });
  const runtime = createRuntime(machine, { policy: "fifo" });
  for (let i = 0; i < 2; i++) {
    runtime.spawn(function* (worker) {
      for (let turn = 0; turn < turns; turn++) yield* worker.yield();
    });
  }
  return timed(2 * turns, () => machine.run());
}

function effection(): Promise<number> {
  const turns = 5_000;
  function* task(): Generator<never, void, never> {
    for (let i = 0; i < turns; i++) yield* until(Promise.resolve(i)) as Generator<never, number, never>;
  }
  return timed(2 * turns, () =>
    runEffection(function* () {
      const tasks = [yield* spawn(task as never), yield* spawn(task as never)];
      for (const one of tasks) yield* one;
    }),
  );
}

/** The part of Effect that is used. */
interface EffectModule {
  gen(body: () => Generator<unknown, void, never>): unknown;
  readonly yieldNow: Iterable<unknown>;
  all(effects: readonly unknown[], options: { readonly concurrency: "unbounded" }): unknown;
  runPromise(effect: unknown): Promise<unknown>;
}

function effect({ gen, yieldNow, all, runPromise }: EffectModule): Promise<number> {
  const turns = 20_000;
  const fiber = (): unknown =>
    gen(function* () {
      for (let i = 0; i < turns; i++) yield* yieldNow as Iterable<never>;
    });
  return timed(2 * turns, () => runPromise(all([fiber(), fiber()], { concurrency: "unbounded" })));
}

const effectionVersion = versionIn(resolve(import.meta.dirname, ".."), "effection");
const scratch = scratchInstall(OTHERS);
const { Effect } = (await scratch.load("effect")) as unknown as { readonly Effect: EffectModule };
const cases: readonly Case[] = [
  { name: BASELINE, run: () => ringNs(1_000_000) },
  { name: "coroutines/promise", run: promises },
  { name: "coroutines/umcg-swap", run: () => swapNs({ vcpus: 1, workers: 2, loops: 50_000 }) },
  { name: "coroutines/umcg-yield", run: yields },
  { name: "coroutines/effection", version: effectionVersion, run: effection },
  { name: "coroutines/effect", version: scratch.version("effect"), run: () => effect(Effect) },
];

const samples = new Map<string, number[]>(cases.map(({ name }) => [name, []]));
for (let turn = -1; turn < REPETITIONS; turn++) {
  for (const { name, run } of cases) {
    const ns = await run();
    if (turn >= 0) samples.get(name)!.push(ns);
  }
}
const floor = median(samples.get(BASELINE)!);
for (const { name, version } of cases) {
  const value = median(samples.get(name)!);
  const ratio = name === BASELINE ? {} : { baseline: BASELINE, ratio: Number((value / floor).toFixed(1)) };
  const of = version === undefined ? {} : { version };
  console.log(JSON.stringify({ name, value: Number(value.toFixed(1)), unit: "ns", ...ratio, ...of }));
}
