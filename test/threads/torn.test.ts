/**
 * A thread dies at every store of every call of the scheduler, and the records are put right: no CPU is lost, nobody owns two,
 * nobody who was there is missing, and whoever is ready is in the queue.
 */

import type { MessagePort } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import type { Coroutine, Step } from "../../src/atomics/step.ts";
import { FOREVER } from "../../src/kernel-sim/times.ts";
import { assign } from "../../src/threads/assign.ts";
import type { Board } from "../../src/threads/board.ts";
import { spawnThread } from "../../src/threads/call.ts";
import {
  channelAt,
  closeChannel,
  filled,
  receivePacked,
  sendPacked,
} from "../../src/threads/channel-words.ts";
import { Job } from "../../src/threads/jobs.ts";
import {
  CALLER,
  FREE_PERMITS,
  HELD_PERMITS,
  LOCK,
  OWNER,
  PHASE,
  PHASE_EMPTY,
  PHASE_ENDED,
  PHASE_FREE,
  PHASE_TAKEN,
  PLACES,
  READY,
  SERVER_TID,
  STATE,
} from "../../src/threads/layout.ts";
import { lockMutex, unlockMutex } from "../../src/threads/mutex-words.ts";
import { copyOut, pack, unpack } from "../../src/threads/packed-values.ts";
import { fifo } from "../../src/threads/policies/fifo.ts";
import { perCpu } from "../../src/threads/policies/per-cpu.ts";
import { recover } from "../../src/threads/recover.ts";
import type { Scheduler } from "../../src/threads/scheduler.ts";
import {
  abandonPermits,
  acquirePermit,
  releasePermit,
  semaphoreAt,
} from "../../src/threads/semaphore-words.ts";
import { Life, outcomeOf, Rig } from "../support/threads/torn-records.ts";

const POLICIES = { fifo, "per-cpu": perCpu };
/** Slots, and what their threads are doing. Thread numbers are a hundred more. */
const [SELF, OTHER, READY_ONE, READY_TWO, PARKED, BLOCKED, WAITER, SWITCHED] = [2, 3, 4, 5, 6, 7, 8, 9];
const LAST = 9;
const CPUS = 2;
const idOf = (slot: number): number => slot + 100;
/** Held by OTHER, and waited for by WAITER; held by SELF, and waited for by nobody. */
const [CONTENDED, MINE] = [0, 1];
/** Channels: one has room for a value, the other for none. */
const [EMPTY, FULL] = [0, 1];

function inhabited(policy: keyof typeof POLICIES, direct: boolean): Rig {
  const rig = new Rig(POLICIES[policy], LAST - 1, CPUS, direct);
  const begin = (slot: number): void => rig.begin(slot, idOf(slot));
  // One after the other on CPU 0, the first that gives way to the next; then those that stay.
  begin(WAITER);
  begin(OTHER);
  expect(outcomeOf(() => lockMutex(rig.as(OTHER), CONTENDED, FOREVER))).toBe("over");
  expect(outcomeOf(() => lockMutex(rig.as(WAITER), CONTENDED, FOREVER))).toBe("asleep");
  for (const [slot, act] of [
    [PARKED, (scheduler: Scheduler) => scheduler.park(FOREVER)],
    [BLOCKED, (scheduler: Scheduler) => scheduler.block()],
  ] as const) {
    begin(slot);
    outcomeOf(() => act(rig.as(slot)));
  }
  begin(SWITCHED);
  begin(SELF);
  for (const slot of [READY_ONE, READY_TWO]) begin(slot);
  // SELF is the first in the queue; it gets the CPU by name, and SWITCHED waits for it.
  expect(outcomeOf(() => rig.as(SWITCHED).switchTo(idOf(SELF), FOREVER))).toBe("asleep");
  outcomeOf(() => lockMutex(rig.as(SELF), MINE, FOREVER));
  outcomeOf(() => acquirePermit(rig.as(OTHER), CONTENDED, FOREVER));
  outcomeOf(() => acquirePermit(rig.as(SELF), MINE, FOREVER));
  outcomeOf(() => sendPacked(rig.as(SELF), FULL, pack("full"), FOREVER));
  return rig;
}

/** What every slot's thread is doing. */
function states({ board }: Rig): string[] {
  const names: string[] = [];
  for (let slot = SELF; slot <= LAST; slot++) {
    const lives = board.lives(slot) ? ["", "running", "idle", "blocked"][board.stateOf(slot)]! : "none";
    names.push(board.isListed(slot) ? "ready" : lives);
  }
  return names;
}

/** Permits are somebody's, who lives, or free; a channel has as many values as places at most, and none that is half one. */
function checkObjects(board: Board): void {
  const { words } = board;
  for (const number of [0, 1]) {
    const semaphore = semaphoreAt(board, number);
    let permits = words[semaphore + FREE_PERMITS]!;
    for (let slot = SELF; slot <= LAST; slot++) {
      const has = words[semaphore + HELD_PERMITS + slot]!;
      if (has > 0) expect(board.lives(slot)).toBe(true);
      permits += has;
    }
    expect(permits).toBe(1);
    const channel = channelAt(board, number);
    const values = filled(board, channel);
    expect(values).toBeLessThanOrEqual(1);
    if (values === 1) expect(["full", 0.5]).toContain(unpack(copyOut(board, words[channel + PLACES]!)));
  }
}

/** Everything that must hold when nobody has the lock. */
function checkRecords({ board, layout }: Rig): void {
  const owners = Array.from({ length: CPUS }, (_, cpu) => board.ownerOf(cpu));
  const owned = owners.filter((owner) => owner !== 0);
  expect(new Set(owned).size).toBe(owned.length);
  const listed: number[] = [];
  for (let slot = SELF; slot <= LAST; slot++) {
    const cpu = owners.indexOf(slot);
    expect(board.words[board.record(slot) + SERVER_TID]).toBe(cpu + 1);
    expect(board.stateOf(slot) === 1).toBe(cpu >= 0);
    if (board.isListed(slot)) listed.push(slot);
  }
  expect(board.words[READY]).toBe(listed.length);
  if (listed.length > 0) expect(owners).not.toContain(0);
  expect(board.words[LOCK]).toBe(0);
  checkObjects(board);
  const queue = board.queue.slice();
  const picked = listed.map(() => board.policy.pick(queue, layout.sizes, 0) + 1);
  expect(picked.toSorted()).toEqual(listed);
  expect(board.policy.pick(queue, layout.sizes, 0)).toBe(0);
}

const end = (board: Board, slot: number): void => {
  board.words[board.record(slot) + PHASE] = PHASE_ENDED;
};

function* ends(scheduler: Scheduler): Coroutine<unknown> {
  yield* abandonPermits(scheduler);
  return yield* scheduler.end(() => end(scheduler.board, scheduler.words.self));
}

const CALLS: Record<string, readonly [slot: number, call: (scheduler: Scheduler) => Step<unknown>]> = {
  yieldNow: [SELF, (s) => s.yieldNow()],
  "switchTo one that is parked": [SELF, (s) => s.switchTo(idOf(PARKED), FOREVER)],
  "switchTo one that is ready": [SELF, (s) => s.switchTo(idOf(READY_TWO), FOREVER)],
  "switchTo one that waits for the caller": [SELF, (s) => s.switchTo(idOf(SWITCHED), FOREVER)],
  "switchTo one that runs": [SELF, (s) => s.switchTo(idOf(OTHER), FOREVER)],
  park: [SELF, (s) => s.park(FOREVER)],
  sleep: [SELF, (s) => s.sleep(1e6)],
  "unpark one that is parked": [SELF, (s) => s.unpark(idOf(PARKED))],
  "unpark one that runs": [SELF, (s) => s.unpark(idOf(OTHER))],
  block: [SELF, (s) => s.block()],
  unblock: [BLOCKED, (s) => s.unblock()],
  kick: [SELF, (s) => s.kick(idOf(OTHER))],
  "lock a mutex": [SELF, (s) => lockMutex(s, CONTENDED, FOREVER)],
  "unlock a mutex": [SELF, (s) => unlockMutex(s, MINE)],
  "unlock a mutex that is waited for": [OTHER, (s) => unlockMutex(s, CONTENDED)],
  "acquire a permit that is another's": [SELF, (s) => acquirePermit(s, CONTENDED, FOREVER)],
  "acquire a permit, and time is up": [SELF, (s) => acquirePermit(s, CONTENDED, 0)],
  "release a permit": [SELF, (s) => releasePermit(s, MINE)],
  "give all permits back": [SELF, (s) => abandonPermits(s)],
  "send where there is room": [SELF, (s) => sendPacked(s, EMPTY, pack(0.5), FOREVER)],
  "send where there is none": [SELF, (s) => sendPacked(s, FULL, pack(0.5), FOREVER)],
  "receive a value": [SELF, (s) => receivePacked(s, FULL, FOREVER)],
  "receive where there is none": [SELF, (s) => receivePacked(s, EMPTY, FOREVER)],
  "close a channel": [SELF, (s) => closeChannel(s, FULL)],
  "cancel one that is parked": [SELF, (s) => s.cancel(idOf(PARKED))],
  "cancel one that runs": [SELF, (s) => s.cancel(idOf(OTHER))],
  "end, with what it has given back before": [SELF, ends],
};

describe.each([
  { policy: "fifo", direct: true },
  { policy: "per-cpu", direct: false },
] as const)("with $policy, steps taken at once: $direct", ({ policy, direct }) => {
  test("the records are as they should be to begin with", () => {
    const rig = inhabited(policy, direct);
    expect(states(rig)).toEqual(["running", "running", "ready", "ready", "idle", "blocked", "idle", "idle"]);
    checkRecords(rig);
  });

  test.each(Object.entries(CALLS))("%s", (_, [slot, call]) => {
    let stores = 0;
    for (; ; stores++) {
      const rig = inhabited(policy, direct);
      const outcome = outcomeOf(() => call(rig.as(slot, new Life(stores))));
      if (outcome !== "dead") {
        checkRecords(rig);
        break;
      }
      expect(outcomeOf(() => recover(rig.as(OWNER), slot))).toBe("over");
      checkRecords(rig);
      const after = states(rig);
      expect(after[slot - SELF]).toBe("none");
      // Nobody else is gone, nobody is blocked who was not, and whoever was running or ready still is one of them.
      after.forEach((state, i) => {
        if (i === slot - SELF) return;
        expect(state).not.toBe("none");
        if (i === BLOCKED - SELF) expect(state).toBe("blocked");
        if ([SELF, OTHER, READY_ONE, READY_TWO].includes(i + SELF))
          expect(["running", "ready"]).toContain(state);
        // Who waits for a word looks at it again; who waits for the dead one is told.
        if (i === WAITER - SELF) expect(["running", "ready"]).toContain(state);
      });
      if (slot === SELF) expect(["running", "ready"]).toContain(after[SWITCHED - SELF]);
      expect(rig.board.words[rig.board.record(slot) + PHASE]).toBe(PHASE_EMPTY);
    }
    expect(stores).toBeGreaterThan(0);
  });

  test.each(["job", "child"])(
    "a spawner that dies while it makes a %s leaves a thread, or a Worker that waits",
    (what) => {
      for (let stores = 0; ; stores++) {
        const rig = inhabited(policy, direct);
        outcomeOf(() => recover(rig.as(OWNER), BLOCKED));
        rig.board.words[rig.board.record(BLOCKED) + PHASE] = PHASE_FREE;
        const spawner = rig.as(SELF, new Life(stores));
        const job = new Job(999, 0, { url: "", export: "", args: [1] }, () => undefined);
        function* assigns() {
          yield* spawner.lock();
          assign(spawner.board, BLOCKED, job, undefined as unknown as MessagePort, spawner.words.now());
          spawner.board.fill(spawner.words.now());
          yield* spawner.unlock();
        }
        const outcome = outcomeOf(() => (what === "child" ? spawnThread(spawner, 0, [1]) : assigns()));
        if (outcome === "over") break;
        outcomeOf(() => recover(rig.as(OWNER), SELF));
        checkRecords(rig);
        const phase = rig.board.words[rig.board.record(BLOCKED) + PHASE];
        expect(phase).toBe(rig.board.lives(BLOCKED) ? PHASE_TAKEN : PHASE_FREE);
        expect(rig.board.words[rig.board.record(BLOCKED) + STATE] === 0).toBe(phase === PHASE_FREE);
        expect(rig.board.words[rig.board.record(BLOCKED) + CALLER]).not.toBe(SELF);
      }
    },
  );
});
