/** exploreInParallel(): the serial result by threads, all of which take part; what is wrong with a program is told by a typed error. */
import { expect, test } from "vitest";
import { explore } from "../../src/explore/index.ts";
import { exploreInParallel } from "../../src/parallel/index.ts";
import lastzero from "./programs/lastzero.ts";
import manyEnds from "./programs/many-ends.ts";

const url = (name: string): URL => new URL(`./programs/${name}.ts`, import.meta.url);

test("the result is that of explore(), by several threads", async () => {
  const options = { stopAtFirst: false, shrink: false };
  const { made, ...result } = await exploreInParallel(url("lastzero"), { ...options, workers: 2 });
  expect(result).toEqual(explore(lastzero, options));
  expect(result).toMatchObject({ executions: 144, distinct: 144, blocked: 0, complete: true });
  expect(made.reduce((sum, count) => sum + count)).toBeGreaterThanOrEqual(144);
});

test("the first violation is that of explore()", async () => {
  const options = { shrink: false };
  const { made, ...result } = await exploreInParallel(url("lastzero"), { ...options, workers: 2 });
  expect(result).toEqual(explore(lastzero, options));
  expect(made).toHaveLength(2);
});

test("a program that is not determined by its schedule is a typed error, told by a thread", async () => {
  await expect(exploreInParallel(url("clock"), { workers: 1 })).rejects.toMatchObject({
    name: "NondeterminismError",
    code: "ERR_NONDETERMINISM",
  });
});

test("a module without a program is one before any thread begins", async () => {
  await expect(exploreInParallel(url("absent"))).rejects.toMatchObject({ code: "ERR_PROGRAM_MODULE" });
  await expect(exploreInParallel(new URL("data:text/javascript,export default 1"))).rejects.toThrow(
    "its default export is neither a function nor made by bareProgram() or kernelProgram()",
  );
});

test("no more threads are started than there is something to do for", async () => {
  let started = 0;
  const count = (): number => started++;
  process.on("worker", count);
  try {
    const { made } = await exploreInParallel(url("one-way"), { workers: 40 });
    expect([made.length, made[0], started]).toEqual([40, 1, 1]);
  } finally {
    process.off("worker", count);
  }
});

test("it can be given up", async () => {
  const result = await exploreInParallel(url("lastzero"), { workers: 1, signal: AbortSignal.abort() });
  expect(result).toMatchObject({ complete: false, stopped: "interrupted" });
});

test.each([true, false])(
  "of violations that all threads meet, those of explore() are told; stopAtFirst %s",
  async (stopAtFirst) => {
    const options = { shrink: false, stopAtFirst };
    const { made, ...result } = await exploreInParallel(url("many-ends"), { ...options, workers: 4 });
    expect(result).toEqual(explore(manyEnds, options));
    expect([made.length, result.violations.length]).toEqual([4, stopAtFirst ? 1 : 5]);
  },
);

test.each([
  ["exits", "ThreadError", "ERR_WORKER_EXIT", "ended with code 7"],
  ["late", "RangeError", "ERR_WORKER", "too late"],
  ["set-up", "TypeError", "ERR_WORKER", "there is no such word"],
])("a thread that dies of %s is a typed error", async (program, name, code, message) => {
  await expect(exploreInParallel(url(program), { workers: 2 })).rejects.toMatchObject({
    name,
    code,
    message: expect.stringContaining(message),
  });
});

test.each([0, -1, 1.5, Number.NaN])("of %d workers is refused", async (workers) => {
  await expect(exploreInParallel(url("lastzero"), { workers })).rejects.toMatchObject({
    code: "ERR_EXPLORE_OPTION",
    message: `workers must be an integer of at least 1, got ${workers}`,
  });
});
