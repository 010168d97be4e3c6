/** How a worker of a mixed load lives: it does its acts, spawns its children in between, and sees to them in the end. */
import type { Coroutine } from "../../../src/atomics/step.ts";
import { SIGUSR1 } from "../../../src/kernel-sim/constants.ts";
import { isCancelled } from "../../../src/worker/sync/wait-room.ts";
import type { Worker, WorkerFunction, WorkerOptions } from "../../../src/worker/worker.ts";
import { perform } from "./acts.ts";
import { joinUntil } from "./join.ts";
import { answerOf, type Life, type Scene } from "./scene.ts";

/** The function of a worker. */
export function lifeOf(scene: Scene, life: Life): WorkerFunction<number> {
  return function* (worker) {
    life.began++;
    const { plan } = life;
    const mine: Life[] = [];
    try {
      yield* begin(scene, worker, life);
      for (let at = 0; at <= plan.acts.length; at++) {
        for (const { id, before } of plan.children)
          if (before === at) yield* unless(plan.stubborn, bear(scene, worker, scene.lives.get(id)!, mine));
        const act = plan.acts[at];
        if (act !== undefined) yield* unless(plan.stubborn, perform(scene, worker, life, act));
      }
      if (scene.local.get(worker) !== life.id) throw new Error(`worker ${life.id} has lost its local value`);
      if (worker.held.length > 0) throw new Error(`worker ${life.id} holds ${worker.held.length} locks`);
      return answerOf(life.id);
    } finally {
      yield* worker.shield(() => settle(scene, worker, mine));
      life.ended++;
      if (!plan.mortal) scene.running--;
    }
  };
}

export function optionsOf({ plan }: Life): WorkerOptions {
  const { priority, deadlineNs, fate } = plan;
  return { name: `load-${plan.id}`, priority, deadlineNs, detached: fate === "detached" };
}

/** Every other worker handles a signal, so that its waits are interrupted. */
function* begin(scene: Scene, worker: Worker, life: Life): Coroutine<void> {
  scene.local.set(worker, life.id);
  if (life.id % 2 === 0) return;
  yield* worker.sys.sigaction(SIGUSR1, () => worker.work(300) as Coroutine<void>);
  life.armed = true;
}

function* unless(stubborn: boolean, act: Coroutine<void>): Coroutine<void> {
  try {
    yield* act;
  } catch (error) {
    if (!(stubborn && isCancelled(error))) throw error;
  }
}

/** Spawns a child, and joins it if it is one to be joined at once. */
function* bear(scene: Scene, worker: Worker, child: Life, mine: Life[]): Coroutine<void> {
  if (!child.plan.mortal) scene.running++;
  scene.enter(child, yield* worker.spawn(lifeOf(scene, child), optionsOf(child)));
  const { fate } = child.plan;
  if (fate === "detached") child.detached = true;
  if (fate === "detached" || fate === "forget") return;
  mine.push(child);
  if (fate === "joinNow") yield* joinUntil(scene, worker, child, Number.POSITIVE_INFINITY);
}

/** What its parent owes a child in the end. */
function* settle(scene: Scene, worker: Worker, mine: readonly Life[]): Coroutine<void> {
  for (const child of mine) {
    const { fate } = child.plan;
    if (child.answers > 0) continue;
    if (fate === "handOver") scene.orphans.push(child);
    else if (fate === "detachLate") {
      yield* worker.detach(child.handle!);
      child.detached = true;
    } else {
      if (fate === "cancel" && (yield* worker.cancel(child.handle!))) child.cancels++;
      if (fate === "joinPatiently") yield* joinUntil(scene, worker, child, worker.now() + 20_000);
      yield* joinUntil(scene, worker, child, Number.POSITIVE_INFINITY);
    }
  }
}
