/**
 * A cost model from data: what a user writes in a JSON file to describe a machine.
 *
 *     { "name": "my-server", "base": "native", "steps": { "wake": 310, "switch": 450 }, "idle": "c6" }
 *
 * Everything but `name` is optional; what is left out is the base's. `idleStates`, when given, replaces the base's list;
 * `sources` tells where prices come from (cost-sources.ts), as `umcg calibrate` writes it.
 * Nothing is guessed: an unknown key or a value that is no price is ERR_CONFIG with the path of the key.
 */

import { MachineError } from "../../kernel-sim/errors.ts";
import { IDLE_GOVERNORS, MAX_IDLE_STATES } from "../../kernel-sim/idle-governor.ts";
import { STEP_NAMES, type StepName } from "../../kernel-sim/steps.ts";
import { type CostModel, type IdleState, PROFILES, type ProfileName } from "./cost-model.ts";
import { parseSources } from "./cost-sources.ts";

type Fields = Readonly<Record<string, unknown>>;

/** The most a step or an exit may cost: a second. */
const MAX_NS = 1_000_000_000;

/** Throws ERR_CONFIG naming the first bad key. */
export function parseCostProfile(data: unknown): CostModel {
  const profile = fields("profile", data, ["name", "base", "steps", "idleStates", "idle", "sources"]);
  const name = text("profile.name", profile["name"]);
  const base =
    PROFILES[oneOf("profile.base", profile["base"] ?? "native", Object.keys(PROFILES) as ProfileName[])];
  const given = profile["steps"] === undefined ? {} : fields("profile.steps", profile["steps"], STEP_NAMES);
  const steps = Object.fromEntries(
    STEP_NAMES.map((step) => [
      step,
      step in given ? price(`profile.steps.${step}`, given[step]) : base.steps[step],
    ]),
  ) as Record<StepName, number>;
  const idleStates = profile["idleStates"] === undefined ? base.idleStates : states(profile["idleStates"]);
  const names = idleStates.map((state) => state.name);
  const fallback = names[Math.min(base.defaultIdleState, names.length - 1)]!;
  const idle = oneOf("profile.idle", profile["idle"] ?? fallback, names);
  const model = { name, steps, idleStates, defaultIdleState: names.indexOf(idle) };
  return profile["sources"] === undefined ? model : { ...model, sources: parseSources(profile["sources"]) };
}

function states(data: unknown): IdleState[] {
  const list = array("profile.idleStates", data);
  if (list.length > MAX_IDLE_STATES)
    throw bad("profile.idleStates", `at most ${MAX_IDLE_STATES} states`, list.length);
  const read: IdleState[] = [];
  for (const [index, entry] of list.entries()) {
    const path = `profile.idleStates[${index}]`;
    const state = idleState(path, entry);
    const least = read.at(-1)?.targetResidencyNs ?? 0;
    if (state.targetResidencyNs < least) {
      const wanted = `${least} or more, as of the state before`;
      throw bad(`${path}.targetResidencyNs`, wanted, state.targetResidencyNs);
    }
    read.push(state);
  }
  return read;
}

function idleState(path: string, entry: unknown): IdleState {
  const state = fields(path, entry, ["name", "polls", "targetResidencyNs", "exit"]);
  const polls = state["polls"] ?? false;
  if (typeof polls !== "boolean") throw bad(`${path}.polls`, "true or false", polls);
  const exit = array(`${path}.exit`, state["exit"]).map((step, at) => {
    const { fromNs, ns } = fields(`${path}.exit[${at}]`, step, ["fromNs", "ns"]);
    return { fromNs: price(`${path}.exit[${at}].fromNs`, fromNs), ns: price(`${path}.exit[${at}].ns`, ns) };
  });
  const name = text(`${path}.name`, state["name"]);
  if (IDLE_GOVERNORS.some((governor) => governor === name))
    throw bad(`${path}.name`, "no name of a governor", name);
  const targetResidencyNs = price(`${path}.targetResidencyNs`, state["targetResidencyNs"] ?? 0);
  return { name, polls, targetResidencyNs, exit };
}

function fields(path: string, data: unknown, known: readonly string[]): Fields {
  if (typeof data !== "object" || data === null || Array.isArray(data)) throw bad(path, "an object", data);
  for (const key of Object.keys(data)) {
    if (!known.includes(key)) {
      throw new MachineError(
        "ERR_CONFIG",
        `${path}.${key} is no key of a cost profile; known are ${known.join(", ")}`,
      );
    }
  }
  return data as Fields;
}

function array(path: string, data: unknown): readonly unknown[] {
  if (!Array.isArray(data) || data.length === 0) throw bad(path, "a list with at least one entry", data);
  return data;
}

function text(path: string, data: unknown): string {
  if (typeof data !== "string" || data === "") throw bad(path, "a text", data);
  return data;
}

function price(path: string, data: unknown): number {
  if (typeof data !== "number" || !Number.isInteger(data) || data < 0 || data > MAX_NS) {
    throw bad(path, `a whole number of ns from 0 to ${MAX_NS}`, data);
  }
  return data;
}

function oneOf<T extends string>(path: string, data: unknown, known: readonly T[]): T {
  if (!known.includes(data as T)) throw bad(path, `one of ${known.join(", ")}`, data);
  return data as T;
}

function bad(path: string, wanted: string, got: unknown): MachineError {
  return new MachineError(
    "ERR_CONFIG",
    `${path} must be ${wanted}, got ${JSON.stringify(got) ?? String(got)}`,
  );
}
