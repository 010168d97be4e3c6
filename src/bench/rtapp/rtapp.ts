/** rt-app: a description of tasks (program.ts) on a simulated machine. */
import type { Coroutine } from "../../atomics/step.ts";
import type { Machine, MachineConfig } from "../../machine.ts";
import type { Env } from "../../umcg/env.ts";
import type { Scenario } from "../scenario.ts";
import type { RtappProgram, RtappTask } from "./program.ts";
import { Resources } from "./resources.ts";
import { RtappThread } from "./thread.ts";

export interface RtappLog {
  /** In the order in which they began; a task has as many as it has instances, and forks of it. */
  readonly threads: readonly RtappThread[];
}

/** Threads that forks can add. */
const MAX_FORKS = 4096;

/** What the machine needs for it. */
export function rtappMachine({ tasks }: RtappProgram): MachineConfig {
  const forks = tasks.some(({ phases }) =>
    phases.some(({ events }) => events.some(({ kind }) => kind === "fork")),
  );
  const threads = tasks.reduce((sum, { instances }) => sum + instances, 0);
  return { maxTasks: Math.max(1, threads) + (forks ? MAX_FORKS : 0) };
}

export function startRtapp(machine: Machine, program: RtappProgram): Scenario<RtappLog> {
  const resources = new Resources(machine, program);
  const threads: RtappThread[] = [];
  const begin = (task: RtappTask): { name: string; body: (env: Env) => Coroutine<void> } => {
    const number = threads.length;
    const { cumulativeSlack } = program;
    const thread = new RtappThread(task, { number, resources, cumulativeSlack, fork });
    threads.push(thread);
    return { name: `${task.name}-${number}`, body: (env) => thread.run(env) };
  };
  function* fork(env: Env, name: string): Coroutine<void> {
    const task = program.tasks.find((one) => one.name === name)!;
    const { body, name: called } = begin(task);
    yield* env.spawn(body, { name: called });
  }
  for (const task of program.tasks) {
    for (let instance = 0; instance < task.instances; instance++) {
      const { name, body } = begin(task);
      machine.spawn(body, { name });
    }
  }
  return {
    progress: 0,
    result: () => (threads.some(({ log }) => log.length > 0) ? { threads } : undefined),
  };
}
