/**
 * One thread of an rt-app description: its phases, and a line of the log for each time one was done.
 *
 * `run` takes that much CPU time; `runtime` takes until that much time has gone by since it began, whoever had the CPU. A
 * timer is due at a multiple of its period from its first use on; who comes too late does not sleep, and a relative timer then
 * begins anew.
 */
import type { Coroutine } from "../../atomics/step.ts";
import { TIMER_ABSTIME } from "../../kernel-sim/constants.ts";
import type { Env } from "../../umcg/env.ts";
import { expectResult } from "../workload.ts";
import type { RtappEvent, RtappPhase, RtappTask, Settings } from "./program.ts";
import type { Resources } from "./resources.ts";
import { lock, meet, signal, unlock, wait } from "./sync.ts";

/** Between two looks at the clock, ns. */
const LOOK_NS = 10_000;

/** One time that a phase was done; ns. */
export interface LogLine {
  readonly phase: number;
  readonly startNs: number;
  readonly endNs: number;
  runNs: number;
  slackNs: number;
  /** Configured: sums of run events and of periods. */
  busyNs: number;
  periodNs: number;
  wakeLatencyNs: number;
}

type Draft = { -readonly [key in keyof LogLine]: LogLine[key] };

export class RtappThread {
  readonly log: LogLine[] = [];
  readonly task: RtappTask;
  readonly #number: number;
  readonly #resources: Resources;
  readonly #cumulativeSlack: boolean;
  readonly #fork: (env: Env, name: string) => Coroutine<void>;

  constructor(
    task: RtappTask,
    place: {
      /** Of all threads. */
      readonly number: number;
      readonly resources: Resources;
      readonly cumulativeSlack: boolean;
      readonly fork: (env: Env, name: string) => Coroutine<void>;
    },
  ) {
    this.task = task;
    this.#number = place.number;
    this.#resources = place.resources;
    this.#cumulativeSlack = place.cumulativeSlack;
    this.#fork = place.fork;
  }

  *run(env: Env): Coroutine<void> {
    const { task } = this;
    yield* this.#set(env, task);
    if (task.delayNs > 0) yield* this.#sleep(env, task.delayNs);
    const first = env.now();
    for (let loop = 0; task.loop === undefined || loop < task.loop; loop++) {
      for (const [at, phase] of task.phases.entries()) {
        yield* this.#set(env, phase.cpus === undefined ? { ...phase, cpus: task.cpus } : phase);
        for (let done = 0; done < phase.loop; done++) yield* this.#doPhase(env, at, phase, first);
      }
    }
  }

  /** What is undefined stays as it is. */
  *#set(env: Env, { scheduling, cpus }: Settings): Coroutine<void> {
    if (cpus !== undefined) expectResult("sched_setaffinity", yield* env.sys.schedSetaffinity(0, cpus), 0);
    if (scheduling === undefined) return;
    const { policy, nice, rtPriority: priority } = scheduling;
    expectResult("sched_setattr", yield* env.sys.schedSetattr(0, { policy, nice, priority }), 0);
  }

  *#doPhase(env: Env, at: number, { events }: RtappPhase, first: number): Coroutine<void> {
    const line: Draft = {
      phase: at,
      startNs: env.now(),
      endNs: 0,
      runNs: 0,
      slackNs: 0,
      busyNs: 0,
      periodNs: 0,
      wakeLatencyNs: 0,
    };
    for (const event of events) yield* this.#do(env, event, line, first);
    line.endNs = env.now();
    this.log.push(line);
  }

  *#do(env: Env, event: RtappEvent, line: Draft, first: number): Coroutine<void> {
    const resources = this.#resources;
    switch (event.kind) {
      case "run":
      case "runtime":
        return yield* this.#compute(env, event.ns, event.kind === "runtime", line);
      case "sleep":
        return yield* this.#sleep(env, event.ns);
      case "timer":
        return yield* this.#awaitTimer(env, event, line, first);
      case "lock":
        return yield* lock(env, resources.mutex(event.ref));
      case "unlock":
        return yield* unlock(env, resources.mutex(event.ref));
      case "wait":
        return yield* wait(env, resources.condition(event.ref), resources.mutex(event.mutex));
      case "signal":
      case "broad":
        return yield* signal(env, resources.condition(event.ref), event.kind === "broad");
      case "sync": {
        const [condition, mutex] = [resources.condition(event.ref), resources.mutex(event.mutex)];
        yield* lock(env, mutex);
        yield* signal(env, condition, false);
        yield* wait(env, condition, mutex);
        return yield* unlock(env, mutex);
      }
      case "barrier": {
        const { at, users } = resources.barrier(event.ref);
        return yield* meet(env, at, users);
      }
      case "suspend": {
        const { mutex, condition } = resources.suspension(event.ref);
        yield* lock(env, mutex);
        yield* wait(env, condition, mutex);
        return yield* unlock(env, mutex);
      }
      case "resume":
        return yield* signal(env, resources.suspension(event.ref).condition, true);
      case "yield":
        return expectResult("sched_yield", yield* env.sys.schedYield(), 0);
      case "fork":
        return yield* this.#fork(env, event.ref);
    }
  }

  *#compute(env: Env, ns: number, byClock: boolean, line: Draft): Coroutine<void> {
    const began = env.now();
    if (!byClock) yield* env.work(ns);
    else {
      for (let left = ns; left > 0; left = began + ns - env.now()) yield* env.work(Math.min(left, LOOK_NS));
    }
    line.runNs += env.now() - began;
    line.busyNs += ns;
  }

  *#sleep(env: Env, ns: number): Coroutine<void> {
    expectResult("nanosleep", yield* env.sys.nanosleep(ns), 0);
  }

  *#awaitTimer(
    env: Env,
    { ref, periodNs, absolute }: Extract<RtappEvent, { kind: "timer" }>,
    line: Draft,
    first: number,
  ): Coroutine<void> {
    const timer = this.#resources.timer(ref, this.#number);
    const due = Math.round((timer.nextNs ?? first) + periodNs);
    const slack = due - env.now();
    line.periodNs += periodNs;
    line.slackNs = this.#cumulativeSlack ? line.slackNs + slack : slack;
    timer.nextNs = due;
    if (slack > 0) {
      expectResult("clock_nanosleep", yield* env.sys.clockNanosleep(TIMER_ABSTIME, due), 0);
      line.wakeLatencyNs += env.now() - due;
    } else if (!absolute) timer.nextNs = env.now();
  }
}
