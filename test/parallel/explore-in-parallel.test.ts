/** exploreInParallel(): the serial result by threads, all of which take part; what is wrong with a program is told by a typed error. */
import { expect, test } from "vitest";
import { explore } from "../../src/explore/index.ts";
import { exploreInParallel } from "../../src/parallel/index.ts";
import lastzero from "./programs/lastzero.ts";

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

test("it can be given up", async () => {
  const result = await exploreInParallel(url("lastzero"), { workers: 1, signal: AbortSignal.abort() });
  expect(result).toMatchObject({ complete: false, stopped: "interrupted" });
});

test("of no workers is refused", async () => {
  await expect(exploreInParallel(url("lastzero"), { workers: 0 })).rejects.toMatchObject({
    code: "ERR_EXPLORE_OPTION",
    message: "workers must be an integer of at least 1, got 0",
  });
});
