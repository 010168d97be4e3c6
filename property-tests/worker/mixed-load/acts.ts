/**
 * What workers of a mixed load do, act by act. Waits without a deadline are those that somebody is sure to end: so a wake-up
 * that is lost is a deadlock, not a timeout that nobody notices.
 */
import type { Coroutine } from "../../../src/atomics/step.ts";
import { MADV_PAGEOUT, SIGKILL, SIGTERM, SIGUSR1 } from "../../../src/kernel-sim/constants.ts";
import { RuntimeError } from "../../../src/server/runtime-error.ts";
import { receiveFrom, selectUntil, sendTo } from "../../../src/worker/sync/index.ts";
import type { Worker } from "../../../src/worker/worker.ts";
import { crew } from "./crew.ts";
import type { Hood } from "./hood.ts";
import { joinUntil } from "./join.ts";
import type { Act } from "./plan.ts";
import { Boom, type Life, pickAlive, pickOf, type Scene } from "./scene.ts";
import { MAX_SERVERS } from "./setting.ts";

/** The longest wait for what may never come, ns. */
const PATIENCE_NS = 300_000;
/** Bytes that go through a pipe at a time. */
const PIPE_BYTES = 8;

export function* perform(scene: Scene, worker: Worker, life: Life, act: Act): Coroutine<void> {
  switch (act.kind) {
    case "work":
      yield* worker.work(act.ns);
      scene.workedNs += act.ns;
      return;
    case "sleep":
      return yield* worker.sleep(act.ns);
    case "yield":
      return yield* worker.yield();
    case "checkpoint":
      return yield* worker.checkpoint();
    case "throw":
      life.throws = true;
      throw new Boom(life.id);
    case "exit":
      life.exits = true;
      return void (yield* worker.sys.exit());
    case "crew":
      return yield* crew(scene, worker, act);
    case "keepCpu":
      return yield* worker.withoutPreemption(() => worker.work(act.ns >> 2) as Coroutine<void>);
    case "wish":
      if (act.flag) return yield* worker.setPriority((act.pick % 5) - 2);
      return yield* worker.setDeadline(worker.now() + act.ns);
    case "nap":
    case "futexWait":
    case "futexWake":
    case "pipe":
    case "touch":
    case "pageOut":
      return yield* useKernel(scene, worker, life, act);
    case "park":
    case "unpark":
    case "adopt":
    case "stale":
    case "cancel":
    case "interrupt":
    case "kill":
      return yield* dealWithOthers(scene, worker, life, act);
    case "resize":
      return yield* worker.setServers(1 + (act.pick % MAX_SERVERS));
    default:
      return yield* synchronise(worker, life, scene.hoodOf(life.id, act.pick), act);
  }
}

function* useKernel(scene: Scene, worker: Worker, life: Life, act: Act): Coroutine<void> {
  const { sys, memory } = worker;
  const { futex } = scene.hoodOf(life.id, act.pick);
  switch (act.kind) {
    case "nap":
      return void (yield* sys.nanosleep(act.ns));
    case "futexWait":
      return void (yield* sys.futexWait(futex, 0, act.ns));
    case "futexWake":
      return void (yield* sys.futexWake(futex, 3));
    case "touch":
      yield* memory.store32(scene.page(act.pick), life.id);
      return;
    case "pageOut":
      return void (yield* sys.madvise(scene.page(act.pick), 4096, MADV_PAGEOUT));
    default:
      return yield* throughPipe(scene, worker, act);
  }
}

/** Writes some bytes and reads as many, not necessarily its own: so nobody reads for ever. */
function* throughPipe(scene: Scene, worker: Worker, act: Act): Coroutine<void> {
  const pipe = pickOf(scene.pipes, act.pick);
  if (pipe === undefined) return;
  const { sys } = worker;
  let written = 0;
  // Bounded by the signals.
  while (written < PIPE_BYTES) {
    const result = yield* sys.write(pipe + 1, scene.buffer, PIPE_BYTES - written);
    if (result > 0) written += result;
  }
  for (let read = 0; read < written; ) {
    const result = yield* sys.read(pipe, scene.buffer, written - read);
    if (result > 0) read += result;
  }
}

function* dealWithOthers(scene: Scene, worker: Worker, life: Life, act: Act): Coroutine<void> {
  const other = pickAlive(scene.spawned, act.pick);
  const orphan = act.kind === "adopt" ? scene.orphans.shift() : undefined;
  const mortal = pickAlive(scene.mortals, act.pick);
  switch (act.kind) {
    case "park":
      return void (yield* worker.parkUntil(worker.now() + Math.min(act.patienceNs, PATIENCE_NS)));
    case "unpark":
      if (other !== undefined) yield* worker.unpark(other.handle!);
      return;
    case "cancel":
      // The refusal of a second one is as good: it has been asked before.
      if (other !== undefined && (yield* worker.cancel(other.handle!))) other.cancels++;
      return;
    case "adopt":
      if (orphan === life) scene.orphans.push(life);
      else if (orphan !== undefined) yield* adopt(scene, worker, orphan, act);
      return;
    case "stale":
      return yield* bother(scene, worker, act);
    case "interrupt":
      if (other?.armed === true && other.ended === 0) yield* worker.sys.kill(other.handle!.tid, SIGUSR1);
      return;
    default:
      if (mortal === undefined || mortal.handle!.tid === 0) return;
      mortal.signals.add(act.flag ? SIGKILL : SIGTERM);
      yield* worker.sys.kill(mortal.handle!.tid, act.flag ? SIGKILL : SIGTERM);
  }
}

/** Joins somebody else's child. With a deadline: two that join each other would wait for ever. */
function* adopt(scene: Scene, worker: Worker, orphan: Life, act: Act): Coroutine<void> {
  let joined = false;
  try {
    joined = yield* joinUntil(scene, worker, orphan, worker.now() + Math.min(act.patienceNs, PATIENCE_NS));
  } finally {
    if (!joined) scene.orphans.push(orphan);
  }
}

/** A handle of somebody who is gone, whose record may be another's: nothing reaches anybody. */
function* bother(scene: Scene, worker: Worker, act: Act): Coroutine<void> {
  const gone = pickOf(scene.gone, act.pick);
  if (gone === undefined) return;
  const handle = gone.handle!;
  if (yield* worker.cancel(handle)) throw new Error(`worker ${gone.id} is gone and was cancelled`);
  yield* worker.unpark(handle);
  let code = "";
  try {
    yield* act.flag ? worker.join(handle) : worker.detach(handle);
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    code = error.code;
    if (code === "ERR_CANCELLED") throw error;
  }
  if (code !== "ERR_JOIN") throw new Error(`worker ${gone.id} is gone, and joined again: ${code}`);
}

/** Locks and counters: held by nobody for long, so one may wait for them for ever. */
function* synchronise(worker: Worker, life: Life, hood: Hood, act: Act): Coroutine<void> {
  const untilNs = worker.now() + act.patienceNs;
  switch (act.kind) {
    case "mutex":
      if (!(yield* hood.mutex.lockUntil(worker, untilNs))) return;
      yield* within(hood.increment(worker, "mutex", act), () => hood.mutex.unlock(worker));
      return yield* act.flag ? hood.changed.notify(worker) : hood.changed.notifyAll(worker);
    case "fair":
      if (!(yield* hood.fair.lockUntil(worker, untilNs))) return;
      return yield* within(hood.increment(worker, "fair", act), () => hood.fair.unlock(worker));
    case "read":
      if (!(yield* hood.lock.readLockUntil(worker, untilNs))) return;
      return yield* within(hood.compare(worker, act), () => hood.lock.readUnlock(worker));
    case "write":
      if (!(yield* hood.lock.writeLockUntil(worker, untilNs))) return;
      return yield* within(hood.increment(worker, "write", act), () => hood.lock.writeUnlock(worker));
    case "permits": {
      const permits = 1 + (act.pick % 3);
      if (!(yield* hood.permits.acquireUntil(worker, untilNs, permits))) return;
      return yield* within(hood.insidePermits(worker, permits, act), () =>
        hood.permits.release(worker, permits),
      );
    }
    case "notified":
      if (!(yield* hood.mutex.lockUntil(worker, untilNs))) return;
      return yield* within(hood.notified(worker, act), () => hood.mutex.unlock(worker));
    default:
      return yield* meet(worker, life, hood, act, untilNs);
  }
}

/** Does `body`, and `leave` whatever comes of it. */
function* within(body: Coroutine<void>, leave: () => Coroutine<void>): Coroutine<void> {
  try {
    yield* body;
  } finally {
    yield* leave();
  }
}

/** Meetings and messages. */
function* meet(worker: Worker, life: Life, hood: Hood, act: Act, untilNs: number): Coroutine<void> {
  const soonNs = Math.min(untilNs, worker.now() + PATIENCE_NS);
  const channel = hood.channels[act.pick % 2]!;
  const message = hood.nextMessage();
  switch (act.kind) {
    case "barrier":
      return void (yield* hood.barrier.waitUntil(worker, soonNs));
    case "count":
      return yield* hood.count(worker, act, soonNs);
    case "once":
      return yield* hood.askOnce(worker, act, untilNs);
    case "send":
      if (yield* channel.sendUntil(worker, message, untilNs)) hood.sent(message);
      return;
    case "receive": {
      const received = yield* channel.receiveUntil(worker, soonNs);
      if (received.status === "value") hood.received(received.value);
      return;
    }
    case "select": {
      const [a, b] = hood.channels;
      const chosen = yield* selectUntil(
        worker,
        [receiveFrom(a), sendTo(b, message), receiveFrom(b)],
        untilNs,
      );
      if (chosen.status === "sent") hood.sent(message);
      else if (chosen.status === "value") hood.received(chosen.value);
      return;
    }
    default:
      throw new Error(`worker ${life.id} cannot ${act.kind}`);
  }
}
