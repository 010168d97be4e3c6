/**
 * A worker that starts some others for one thing that they do together, with waits that have no deadline: nobody cancels or
 * kills them, so each wait must end, and the caller joins them all.
 */
import type { Coroutine } from "../../../src/atomics/step.ts";
import { Barrier, Channel, Condvar, Mutex } from "../../../src/worker/sync/index.ts";
import type { Worker } from "../../../src/worker/worker.ts";
import type { WorkerHandle } from "../../../src/worker/worker-handle.ts";
import type { Act } from "./plan.ts";
import type { Scene } from "./scene.ts";

const ROUNDS = 3;

export function* crew(scene: Scene, worker: Worker, act: Act): Coroutine<void> {
  // Cancelled in the middle it would leave the others waiting.
  yield* worker.shield(() => together(scene, worker, act));
}

function* together(scene: Scene, worker: Worker, act: Act): Coroutine<void> {
  const size = 1 + (act.pick % 3);
  const plan = [meetAtBarrier, passFlag, parkForEachOther, passMessages][(act.pick >> 4) % 4]!(
    worker,
    size,
    act,
  );
  const members: WorkerHandle<number>[] = [];
  for (let i = 0; i < size; i++) {
    scene.extras++;
    members.push(yield* worker.spawn((own) => plan.member(own, i)));
  }
  yield* plan.leader(members);
  for (const [i, member] of members.entries()) {
    const answer = yield* worker.join(member);
    if (answer !== i) throw new Error(`member ${i} of a crew answers ${answer}`);
  }
}

interface Crew {
  member(own: Worker, index: number): Coroutine<number>;
  leader(members: readonly WorkerHandle<number>[]): Coroutine<void>;
}

function meetAtBarrier(worker: Worker, size: number, act: Act): Crew {
  const barrier = new Barrier(worker, size + 1);
  let last = 0;
  function* rounds(own: Worker): Coroutine<void> {
    for (let round = 0; round < ROUNDS; round++) {
      yield* own.work(act.ns >> 3);
      if (yield* barrier.wait(own)) last++;
    }
  }
  return {
    *member(own, index) {
      yield* rounds(own);
      return index;
    },
    *leader() {
      yield* rounds(worker);
      if (last > ROUNDS) throw new Error(`${last} workers were the last of ${ROUNDS} rounds`);
    },
  };
}

/** Each waits for its turn under one condition variable. */
function passFlag(worker: Worker, size: number, act: Act): Crew {
  const mutex = new Mutex(worker);
  const changed = new Condvar(worker, mutex);
  let turn = -1;
  function* step(own: Worker, mine: number): Coroutine<void> {
    yield* mutex.lock(own);
    while (turn !== mine) yield* changed.wait(own);
    turn++;
    yield* mutex.unlock(own);
    yield* changed.notifyAll(own);
  }
  return {
    *member(own, index) {
      yield* step(own, index);
      return index;
    },
    *leader() {
      yield* worker.sys.nanosleep(act.ns >> 3);
      yield* step(worker, -1);
      yield* step(worker, size);
    },
  };
}

function parkForEachOther(worker: Worker, size: number, act: Act): Crew {
  const go: boolean[] = Array.from({ length: size }, () => false);
  let arrived = 0;
  return {
    *member(own, index) {
      if (act.flag) yield* own.work(act.ns >> 3);
      while (!go[index]) yield* own.park();
      arrived++;
      yield* own.unpark(worker);
      return index;
    },
    *leader(members) {
      for (const [i, member] of members.entries()) {
        go[i] = true;
        yield* worker.unpark(member);
      }
      while (arrived < size) yield* worker.park();
    },
  };
}

function passMessages(worker: Worker, size: number, act: Act): Crew {
  const to = new Channel<number>(worker);
  const back = new Channel<number>(worker, act.flag ? 1 : 0);
  return {
    *member(own, index) {
      yield* to.forEach(own, (value) => back.send(own, value + 1));
      return index;
    },
    *leader() {
      // More under way than there are members would wait for the leader itself.
      for (let round = 0; round < ROUNDS * size; round++) {
        yield* to.send(worker, round);
        const received = yield* back.receive(worker);
        if (received.status !== "value" || received.value !== round + 1)
          throw new Error("a message was lost");
      }
      yield* to.close(worker);
    },
  };
}
