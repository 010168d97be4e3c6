/**
 * All shards of an exploration are the exploration: however many there are, each class is completed by exactly one of them, what goes
 * wrong is found, and nothing is left. Interrupted shards leave what another round of shards completes.
 */
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { PROGRAMS } from "../../bench/programs/registry.ts";
import {
  bareProgram,
  type Explorable,
  type ExploreOptions,
  type ExploreResult,
  explore,
  kernelProgram,
  mergeShards,
  type Saved,
  Shard,
  type ShardResult,
} from "../../src/explore/index.ts";
import { asKernelProgram, configOf, KINDS, randomKernelProgram } from "./random-kernel-programs.ts";
import { ALL_KINDS, asProgram, LOCKS, type RandomProgram, randomProgram, WORDS } from "./random-programs.ts";

/** Executions until a program is called too large. */
const LIMIT = 150;
const ROUNDS = 40;
/** Steps until an execution is called too long: none of a program that ends is near it, and one that spins takes all of them. */
const MAX_STEPS = 300;
const NUM_RUNS = { numRuns: Number(process.env["FC_RUNS"] ?? 30) };

function explorable(program: RandomProgram, spins: boolean): Explorable {
  const base = asProgram(program, spins);
  return bareProgram(
    (bare) => {
      base(bare);
      bare.atEnd(() => {
        const value = bare.words.reduce((sum, word) => sum + word, 0);
        if (value > 2) throw new Error(`word is ${value}`);
      });
    },
    { bytes: 128, wakeOrder: program.any ? "any" : "fifo", faults: program.faults ? 1 : 0 },
  );
}

/** What does not depend on who meets what first. */
function essence({ executions, distinct, complete, violations }: ExploreResult): unknown {
  const told = violations.map(({ kind, message }) => `${kind}: ${message}`).sort();
  return { executions, distinct, complete, told };
}

const program = fc.oneof(
  randomProgram(WORDS),
  randomProgram(LOCKS),
  randomProgram(ALL_KINDS, { spawns: true }),
);
const strategy = fc.constantFrom("optimal", "source", "sleep-sets", "naive");
const of = fc.integer({ min: 1, max: 5 });

/** Each begins where the first began; that the last comes to the same beginning by itself is looked at, too. */
function shards(
  subject: Explorable,
  options: ExploreOptions,
  count: number,
  saved?: Saved,
  limit = Infinity,
): ShardResult[] {
  let trunk: Saved | undefined = saved;
  const results: ShardResult[] = [];
  for (let index = 0; index < count; index++) {
    const shard = new Shard(subject, options, index, count, index === count - 1 ? saved : trunk);
    let left = limit;
    shard.advance(() => --left < 0);
    results.push(JSON.parse(JSON.stringify(shard.save())) as ShardResult);
    expect(results[index]!.trunk).toEqual(results[0]!.trunk);
    trunk = results[0]!.trunk;
  }
  return results;
}

/** What the shards come to together. A spin that one of them has learned of makes all begin anew. */
function whatShardsFind(subject: Explorable, options: ExploreOptions, count: number): ExploreResult {
  let merged = mergeShards(subject, options, shards(subject, options, count));
  for (let round = 0; merged.save().counts.executions === 0 && !merged.ended && round < ROUNDS; round++) {
    const saved = JSON.parse(JSON.stringify(merged.save())) as Saved;
    merged = mergeShards(subject, options, shards(subject, options, count, saved));
  }
  return merged.result();
}

/** All that there is, as it was found. */
const WHOLE = { stopAtFirst: false, shrink: false, stepTimeoutMs: 0, maxSteps: MAX_STEPS } as const;

describe("shards of a random program", () => {
  test.prop([program, strategy, of, fc.boolean()], NUM_RUNS)(
    "are the whole",
    (random, name, count, spins) => {
      const subject = explorable(random, spins);
      const options = { ...WHOLE, strategy: name } as const;
      const whole = explore(subject, { ...options, maxExecutions: LIMIT });
      if (whole.stopped !== undefined) return;
      expect(essence(whatShardsFind(subject, options, count))).toEqual(essence(whole));
    },
  );

  test.prop([program, strategy, of, fc.integer({ min: 1, max: 40 })], NUM_RUNS)(
    "go on in rounds from what they have left",
    (random, name, count, limit) => {
      const subject = explorable(random, false);
      const options = { ...WHOLE, strategy: name } as const;
      const whole = explore(subject, { ...options, maxExecutions: LIMIT });
      if (whole.stopped !== undefined) return;
      let merged = mergeShards(subject, options, shards(subject, options, count, undefined, limit));
      for (let round = 0; !merged.ended && round < LIMIT; round++) {
        const saved = JSON.parse(JSON.stringify(merged.save())) as Saved;
        merged = mergeShards(subject, options, shards(subject, options, count, saved, limit));
      }
      expect(essence(merged.result())).toEqual(essence(whole));
    },
  );
});

describe("shards of a published program", () => {
  test.prop([fc.constantFrom(...PROGRAMS.values()), strategy, of], NUM_RUNS)(
    "are the whole",
    (published, name, count) => {
      const { make, parameters, options: of } = published;
      const subject = bareProgram(make(parameters), of(parameters));
      const options = { ...WHOLE, strategy: name } as const;
      const whole = explore(subject, { ...options, maxExecutions: LIMIT });
      if (whole.stopped !== undefined) return;
      expect(essence(whatShardsFind(subject, options, count))).toEqual(essence(whole));
    },
  );
});

describe("shards of a program to which something comes from outside", () => {
  const numRuns = process.env["FC_RUNS"] === undefined ? { numRuns: 3 } : {};
  const programs = randomKernelProgram(KINDS, { maxCalls: 1, noisy: true });

  test.prop([programs, fc.constantFrom("optimal", "source", "sleep-sets"), of], numRuns)(
    "are the whole",
    (random, name, count) => {
      const kernel = { ...configOf(random), check: false };
      const subject = kernelProgram(asKernelProgram(random, { byTask: [] }), kernel);
      const options = { strategy: name, stopAtFirst: false, shrink: false, stepTimeoutMs: 0 } as const;
      const whole = explore(subject, { ...options, maxExecutions: LIMIT });
      if (whole.stopped !== undefined) return;
      expect(essence(whatShardsFind(subject, options, count))).toEqual(essence(whole));
    },
  );
});
