/** Runs a mixed load, and says what is wrong with it: throws. */
import type { Coroutine } from "../../../src/atomics/step.ts";
import { createMachine } from "../../../src/machine.ts";
import type { ServerStats } from "../../../src/server/server-stats.ts";
import { createRuntime } from "../../../src/worker/runtime.ts";
import type { Worker } from "../../../src/worker/worker.ts";
import type { Hood } from "./hood.ts";
import { makeJerky } from "./jerks.ts";
import { joinUntil } from "./join.ts";
import { whoIsLeft } from "./left.ts";
import { lifeOf, optionsOf } from "./life.ts";
import { Lifetimes } from "./lifetimes.ts";
import { plansOf, type Shape } from "./plan.ts";
import { Scene } from "./scene.ts";
import { settingOf } from "./setting.ts";
import { Watch } from "./watch.ts";

/** Events of the host, each worker's share: a run that takes more does not end. */
const EVENTS_PER_WORKER = 100_000;
/**
 * How long a worker may wait beside a server that sleeps while somebody is about to wake one: whoever that is may wait for its
 * CPU itself, behind all that a worker there computes without a break.
 */
const BOUND_NS = 100_000_000;
const PIPES = 48;

export interface Ran {
  readonly workers: number;
  readonly switches: number;
  readonly virtualNs: number;
  readonly longestNs: number;
}

export function runLoad(shape: Shape): Ran {
  const setting = settingOf(shape);
  const machine = createMachine(setting.machine);
  if (setting.jerks > 0) makeJerky(machine, shape.seed, setting.jerks);
  const watch = new Watch(machine, BOUND_NS);
  const lifetimes = machine.trace.on ? new Lifetimes(machine) : undefined;
  if (lifetimes !== undefined) machine.trace.addSink(lifetimes);
  const { plans, roots } = plansOf(shape);
  const runtime = createRuntime(machine, {
    servers: setting.servers,
    maxServers: setting.maxServers,
    policy: watch.policy(setting.policy),
    seed: shape.seed,
    preemptNs: setting.preemptNs,
    idle: { spin: setting.spin },
  });
  const scene = new Scene(machine, runtime, plans);
  runtime.spawn((worker) => master(scene, worker, roots), { name: "master" });
  for (const id of roots) {
    const life = scene.lives.get(id)!;
    if (!life.plan.mortal) scene.running++;
    scene.enter(life, runtime.spawn(lifeOf(scene, life), optionsOf(life)));
  }
  const { host } = machine;
  const most = EVENTS_PER_WORKER * (shape.workers + 10);
  const result = explained(scene, () =>
    machine.run({
      stop: () => {
        watch.look(runtime.group);
        return host.events > most;
      },
    }),
  );
  if (machine.kernel.live > 0) throw new Error(`no end after ${host.events} events\n${whoIsLeft(scene)}`);
  checkEnd(scene, watch);
  lifetimes?.check(runtime.stats());
  return {
    workers: scene.spawned.length + scene.extras,
    switches: result.switches,
    virtualNs: result.virtualNs,
    longestNs: watch.longestNs,
  };
}

/** What `run` throws is thrown with a list of those who were there then. */
function explained<T>(scene: Scene, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    throw new Error(`${String(cause)}\n${whoIsLeft(scene)}`, { cause });
  }
}

/** Nothing is left, and what was counted in several places is the same in all. */
function checkEnd(scene: Scene, watch: Watch): void {
  const { runtime, machine } = scene;
  for (const life of scene.lives.values()) life.check();
  for (const hood of scene.hoods) hood.checkMessages();
  watch.check(runtime.group);
  const { records, unused, known } = runtime.roster.census();
  // Nobody joins the master.
  const forgotten = 1 + scene.spawned.filter(({ answers, detached }) => answers === 0 && !detached).length;
  if (known !== forgotten || records !== unused + forgotten)
    throw new Error(`${records} records, ${unused} unused, ${known} known, ${forgotten} forgotten`);
  const stats = runtime.stats();
  const sum = (of: (server: ServerStats) => number): number =>
    stats.reduce((total, one) => total + of(one), 0);
  const busyNs = sum((one) => one.busyNs);
  const runs = sum((one) => one.runs);
  const preemptions = sum((one) => one.preemptions);
  if (runs !== watch.picks) throw new Error(`${watch.picks} workers were picked, ${runs} runs counted`);
  if (scene.workedNs > busyNs) throw new Error(`${scene.workedNs} ns of work in ${busyNs} ns`);
  if (watch.preempted > preemptions || preemptions > sum((one) => one.ticks))
    throw new Error(`${watch.preempted} workers gave way, ${preemptions} were asked to`);
  for (const [place, { overheadNs, busyNs: busy, idleNs }] of stats.entries()) {
    const livedNs = overheadNs + busy + idleNs;
    if (Math.min(overheadNs, busy, idleNs) < 0 || livedNs > machine.host.now)
      throw new Error(`server ${place} was there for ${livedNs} of ${machine.host.now} ns`);
  }
}

/** The one who sees to everybody that has nobody else, and to what all share. */
function* master(scene: Scene, worker: Worker, roots: readonly number[]): Coroutine<void> {
  for (let i = 0; i < PIPES; i++) scene.pipes.push(yield* worker.sys.pipe());
  const receivers = [];
  for (const hood of scene.hoods)
    for (const channel of hood.channels)
      receivers.push(yield* worker.spawn((own) => receiveAll(own, hood, channel)));
  for (const id of roots) yield* seeTo(scene, worker, id);
  // Those whose parents left them to others; and those nobody joins must have ended before the channels are closed.
  while (scene.running > 0 || scene.orphans.length > 0) {
    const orphan = scene.orphans.shift();
    if (orphan === undefined) yield* worker.sleep(50_000);
    else yield* joinUntil(scene, worker, orphan, Number.POSITIVE_INFINITY);
  }
  for (const hood of scene.hoods) yield* hood.close(worker);
  for (const receiver of receivers) yield* worker.join(receiver);
}

function* seeTo(scene: Scene, worker: Worker, id: number): Coroutine<void> {
  const life = scene.lives.get(id)!;
  const { fate } = life.plan;
  if (fate === "forget") return;
  if (fate === "detached") {
    life.detached = true;
    return;
  }
  if (fate === "detachLate") {
    yield* worker.detach(life.handle!);
    life.detached = true;
  } else yield* joinUntil(scene, worker, life, Number.POSITIVE_INFINITY);
}

function* receiveAll(own: Worker, hood: Hood, channel: Hood["channels"][number]): Coroutine<void> {
  yield* channel.forEach(own, function* (message) {
    hood.received(message);
    yield* own.checkpoint();
  });
}
