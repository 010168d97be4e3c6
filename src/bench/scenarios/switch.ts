/**
 * lat_ctx of lmbench: a token goes round a ring of tasks through pipes, and each task touches its working set before it passes
 * it on. A context switch is a hop less what the same costs one task alone, which passes a token to itself through as many
 * pipes: the calls and the working set are taken off, waking and switching remain.
 */
import type { Addr } from "../../atomics/address.ts";
import type { Coroutine } from "../../atomics/step.ts";
import type { Machine, MachineConfig } from "../../machine.ts";
import type { Env } from "../../umcg/env.ts";
import type { Scenario } from "../scenario.ts";
import { expectResult } from "../workload.ts";

export interface SwitchOptions {
  /** Tasks of the ring. */
  readonly tasks: number;
  /** Working set of a task. */
  readonly bytes: number;
  /** Rounds of the token that are measured, and rounds before them. */
  readonly loops: number;
  readonly warmUp: number;
}

export interface Switch {
  readonly tasks: number;
  /** Of a hop, ns: alone, in the ring, and the difference. */
  readonly overheadNs: number;
  readonly hopNs: number;
  readonly switchNs: number;
}

/** Reading from a cache, bytes a ns. */
const BYTES_PER_NS = 10;

/** What the machine needs for it. */
export function switchMachine({ tasks, bytes }: SwitchOptions): MachineConfig {
  return { maxTasks: tasks, maxPipes: tasks, migrationBytes: bytes };
}

export function startSwitch(machine: Machine, options: SwitchOptions): Scenario<Switch> {
  const state = { round: 0, overheadNs: 0, hopNs: -1 };
  const token = machine.allocate(4);
  machine.spawn((env) => lead(env, options, token, state), { name: "ring-0" });
  return {
    get progress() {
      return state.round / (options.loops + options.warmUp);
    },
    result: () => {
      const { overheadNs, hopNs } = state;
      if (hopNs < 0) return undefined;
      return { tasks: options.tasks, overheadNs, hopNs, switchNs: hopNs - overheadNs };
    },
  };
}

function* lead(
  env: Env,
  options: SwitchOptions,
  token: Addr,
  state: { round: number; overheadNs: number; hopNs: number },
): Coroutine<void> {
  const { tasks, loops, warmUp } = options;
  const pipes: number[] = [];
  for (let at = 0; at < tasks; at++) {
    const fd = yield* env.sys.pipe();
    if (fd < 0) expectResult("pipe", fd, 0);
    pipes.push(fd);
  }
  state.overheadNs = yield* alone(env, options, pipes, token);
  // Task i reads pipe i and writes the next.
  for (let at = 1; at < tasks; at++) {
    const [from, to] = [pipes[at]!, pipes[(at + 1) % tasks]! + 1];
    yield* env.spawn((own) => passOn(own, options, from, to, token), { name: `ring-${at}` });
  }
  let began = 0;
  for (; state.round < warmUp + loops; state.round++) {
    if (state.round === warmUp) began = env.now();
    yield* hop(env, options, pipes[0]!, pipes[1]! + 1, token, true);
    if (state.round >= warmUp) state.hopNs = (env.now() - began) / (tasks * (state.round + 1 - warmUp));
  }
  // Once more round, so that in the last measured one nobody ends instead of going to sleep.
  yield* hop(env, options, pipes[0]!, pipes[1]! + 1, token, true);
}

/** A token through all pipes, by one task; ns of a hop. */
function* alone(env: Env, options: SwitchOptions, pipes: readonly number[], token: Addr): Coroutine<number> {
  const began = env.now();
  for (const fd of pipes) yield* hop(env, options, fd, fd + 1, token, true);
  return (env.now() - began) / pipes.length;
}

/** The other tasks read first. */
function* passOn(env: Env, options: SwitchOptions, from: number, to: number, token: Addr): Coroutine<void> {
  for (let left = options.loops + options.warmUp + 1; left > 0; left--)
    yield* hop(env, options, from, to, token, false);
}

function* hop(
  env: Env,
  { bytes }: SwitchOptions,
  from: number,
  to: number,
  token: Addr,
  writesFirst: boolean,
): Coroutine<void> {
  if (writesFirst) expectResult("write", yield* env.sys.write(to, token, 4), 4);
  expectResult("read", yield* env.sys.read(from, token, 4), 4);
  if (bytes > 0) yield* env.work(Math.ceil(bytes / BYTES_PER_NS));
  if (!writesFirst) expectResult("write", yield* env.sys.write(to, token, 4), 4);
}
