/**
 * Programs over host operations, which the same tests run on every host. An image: real threads load this module.
 * Each scenario is run as the first thread and throws when something is not as the table of operations says.
 */
import { type Addr, addr } from "../../src/atomics/address.ts";
import { EBUSY, EDEADLK, EINVAL, EPERM, ESRCH, ETIMEDOUT } from "../../src/atomics/errno.ts";
import type { Coroutine } from "../../src/atomics/step.ts";
import {
  type HostEntry,
  type HostImage,
  type HostOperations,
  THREAD_RETURNED,
  THREAD_THREW,
} from "../../src/kernel-sim/lkl/host/host-operations.ts";
import { JumpBuffer } from "../../src/kernel-sim/lkl/host/jump.ts";
import { fetchAdd } from "../../src/kernel-sim/lkl/host/words.ts";

const MS = 1e6;
/** Much longer than anything here takes. */
export const LONG: number = 50_000 * MS;

/** Word `index` of the program's own. */
export function word(index: number): Addr {
  return addr(64 + 4 * index);
}
export const PROGRAM_BYTES: number = 256;

export function expectEqual(found: unknown, wanted: unknown, what: string): void {
  if (found !== wanted) throw new Error(`${what}: ${String(found)} instead of ${String(wanted)}`);
}

function* load(host: HostOperations, index: number): Coroutine<number> {
  return yield* host.words.memory.load32(word(index));
}
function* store(host: HostOperations, index: number, value: number): Coroutine<void> {
  yield* host.words.memory.store32(word(index), value);
}

/** Starts `entry` and returns its handle. */
export function* spawn(host: HostOperations, entry: HostEntry, arg = 0): Coroutine<number> {
  const thread = yield* host.threadCreate(entry, arg);
  if (thread <= 0) throw new Error(`threadCreate: ${thread}`);
  return thread;
}

function* join(host: HostOperations, thread: number, how = THREAD_RETURNED): Coroutine<void> {
  expectEqual(yield* host.threadJoin(thread, LONG), how, "threadJoin");
}

const ROUNDS = 50;

/** Words 0 and 1 hold two semaphores. */
function* echo(host: HostOperations): Coroutine<void> {
  const [ping, pong] = [addr(yield* load(host, 0)), addr(yield* load(host, 1))];
  for (let round = 0; round < ROUNDS; round++) {
    expectEqual(yield* host.semDown(ping, LONG), 0, "semDown");
    yield* store(host, 2, round + 1);
    yield* host.semUp(pong);
  }
}

export function* semaphores(host: HostOperations): Coroutine<void> {
  const ping = yield* host.semAlloc(0);
  const pong = yield* host.semAlloc(0);
  yield* store(host, 0, ping);
  yield* store(host, 1, pong);
  const thread = yield* spawn(host, echo);
  for (let round = 0; round < ROUNDS; round++) {
    yield* host.semUp(ping);
    expectEqual(yield* host.semDown(pong, LONG), 0, "semDown");
    expectEqual(yield* load(host, 2), round + 1, "what was written before the post");
  }
  yield* join(host, thread);
  const before = host.time();
  expectEqual(yield* host.semDown(ping, 2 * MS), -ETIMEDOUT, "semDown of nothing");
  expectEqual(host.time() - before >= 2 * MS, true, "it waits as long as it was told");
  const full = yield* host.semAlloc(2);
  expectEqual(yield* host.semDown(full, 0), 0, "the first of two");
  expectEqual(yield* host.semDown(full, 0), 0, "the second of two");
  expectEqual(yield* host.semDown(full, 0), -ETIMEDOUT, "a third");
  for (const sem of [ping, pong, full]) expectEqual(yield* host.semFree(sem), 0, "semFree");
  expectEqual(yield* host.semFree(ping), -EINVAL, "semFree again");
}

/** Adds to word 1, under the mutex in word 0, in two steps. */
function* adder(host: HostOperations, times: number): Coroutine<void> {
  const mutex = addr(yield* load(host, 0));
  for (let i = 0; i < times; i++) {
    expectEqual(yield* host.mutexLock(mutex, LONG), 0, "mutexLock");
    yield* store(host, 1, (yield* load(host, 1)) + 1);
    expectEqual(yield* host.mutexUnlock(mutex), 0, "mutexUnlock");
  }
}

/** Tries the mutex in word 0, which somebody else has. */
function* intruder(host: HostOperations): Coroutine<void> {
  const mutex = addr(yield* load(host, 0));
  expectEqual(yield* host.mutexUnlock(mutex), -EPERM, "unlock what another has");
  expectEqual(yield* host.mutexLock(mutex, 2 * MS), -ETIMEDOUT, "lock what another keeps");
}

export function* mutexes(host: HostOperations): Coroutine<void> {
  const mutex = yield* host.mutexAlloc(false);
  yield* store(host, 0, mutex);
  yield* store(host, 1, 0);
  const threads: number[] = [];
  for (let i = 0; i < 3; i++) threads.push(yield* spawn(host, adder, 100));
  yield* adder(host, 100);
  for (const thread of threads) yield* join(host, thread);
  expectEqual(yield* load(host, 1), 400, "increments");
  expectEqual(yield* host.mutexUnlock(mutex), -EPERM, "unlock what nobody has");
  expectEqual(yield* host.mutexLock(mutex, 0), 0, "lock what is free, without waiting");
  expectEqual(yield* host.mutexLock(mutex, LONG), -EDEADLK, "lock twice");
  yield* join(host, yield* spawn(host, intruder));
  expectEqual(yield* host.mutexFree(mutex), -EBUSY, "free while locked");
  expectEqual(yield* host.mutexUnlock(mutex), 0, "unlock");
  expectEqual(yield* host.mutexFree(mutex), 0, "free");
  const twice = yield* host.mutexAlloc(true);
  yield* store(host, 0, twice);
  for (let i = 0; i < 2; i++) expectEqual(yield* host.mutexLock(twice, 0), 0, "lock again");
  expectEqual(yield* host.mutexUnlock(twice), 0, "unlock once");
  yield* join(host, yield* spawn(host, intruder));
  expectEqual(yield* host.mutexUnlock(twice), 0, "unlock for good");
  expectEqual(yield* host.mutexUnlock(twice), -EPERM, "unlock once too often");
}

/** Leaves its handle in word 0. */
function* tellSelf(host: HostOperations): Coroutine<void> {
  yield* store(host, 0, yield* host.threadSelf());
}
function* throws(): Coroutine<void> {
  throw new Error("on purpose");
}
function* exits(host: HostOperations): Coroutine<void> {
  try {
    yield* host.threadExit();
  } finally {
    yield* store(host, 1, 1);
  }
  yield* store(host, 1, 2);
}
/** Joins the thread in `arg`, which is its creator, and so can never end before. */
function* joinsCreator(host: HostOperations, arg: number): Coroutine<void> {
  expectEqual(yield* host.threadJoin(arg, 2 * MS), -ETIMEDOUT, "join of one that goes on");
}
/** Detaches, says so in word 2 and waits for the semaphore in word 3. */
function* detaches(host: HostOperations): Coroutine<void> {
  expectEqual(yield* host.threadDetach(), 0, "threadDetach");
  expectEqual(yield* host.threadDetach(), -EINVAL, "threadDetach again");
  yield* host.semUp(addr(yield* load(host, 2)));
  yield* host.semDown(addr(yield* load(host, 3)), LONG);
}
/** Creates one that outlives it, which posts the semaphore in word 2. */
function* creates(host: HostOperations): Coroutine<void> {
  yield* spawn(host, outlives);
}
function* outlives(host: HostOperations): Coroutine<void> {
  yield* host.threadDetach();
  yield* host.semDown(addr(yield* load(host, 3)), LONG);
  yield* host.semUp(addr(yield* load(host, 2)));
}

export function* threads(host: HostOperations): Coroutine<void> {
  const self = yield* host.threadSelf();
  const first = yield* spawn(host, tellSelf);
  yield* join(host, first);
  expectEqual(host.threadEqual(yield* load(host, 0), first), true, "its handle is what it was created as");
  expectEqual(host.threadEqual(first, self), false, "another's handle");
  expectEqual(yield* host.threadJoin(first, LONG), -ESRCH, "join again");
  const second = yield* spawn(host, throws);
  expectEqual(host.threadEqual(second, first), false, "handles are not used again at once");
  expectEqual(yield* host.threadJoin(first, LONG), -ESRCH, "join a handle whose slot is somebody else's");
  yield* join(host, second, THREAD_THREW);
  yield* join(host, yield* spawn(host, exits));
  expectEqual(yield* load(host, 1), 1, "threadExit unwinds and does not return");
  yield* join(host, yield* spawn(host, joinsCreator, self));
  expectEqual(yield* host.threadJoin(self, LONG), -EDEADLK, "join oneself");
  for (const none of [0, -1, 1023, 5 << 10]) {
    expectEqual(yield* host.threadJoin(none, LONG), -ESRCH, `join ${none}`);
  }
}

export function* detached(host: HostOperations): Coroutine<void> {
  const told = yield* host.semAlloc(0);
  const go = yield* host.semAlloc(0);
  yield* store(host, 2, told);
  yield* store(host, 3, go);
  const thread = yield* spawn(host, detaches);
  expectEqual(yield* host.semDown(told, LONG), 0, "it has detached");
  expectEqual(yield* host.threadJoin(thread, LONG), -EINVAL, "join a detached thread");
  yield* host.semUp(go);
  yield* join(host, yield* spawn(host, creates));
  yield* host.semUp(go);
  expectEqual(yield* host.semDown(told, LONG), 0, "a thread outlives the one that created it");
}

/** Destructor: adds its value to word 0, and counts in word 1. */
function* addUp(host: HostOperations, value: number): Coroutine<void> {
  yield* fetchAdd(host.words.memory, word(0), value);
  yield* fetchAdd(host.words.memory, word(1), 1);
}
/** Destructor: sets the value again, for ever, and counts in word 2. The key is in word 3. */
function* stubborn(host: HostOperations, value: number): Coroutine<void> {
  yield* fetchAdd(host.words.memory, word(2), 1);
  yield* host.tlsSet(yield* load(host, 3), value);
}
/** Sets values for all four keys in words 3 to 6. */
function* setsValues(host: HostOperations): Coroutine<void> {
  for (let index = 3; index <= 6; index++) {
    expectEqual(yield* host.tlsGet(yield* load(host, index)), 0, "a thread begins without values");
    expectEqual(yield* host.tlsSet(yield* load(host, index), 10 ** (index - 3)), 0, "tlsSet");
  }
  expectEqual(yield* host.tlsGet(yield* load(host, 5)), 100, "tlsGet");
  yield* host.tlsFree(yield* load(host, 6));
  expectEqual(yield* host.tlsGet(yield* load(host, 6)), 0, "the value of a freed key");
  if ((yield* load(host, 7)) === 1) yield* host.threadExit();
}

function* threadLocal(host: HostOperations): Coroutine<void> {
  for (const how of [0, 1]) {
    const keys = [
      yield* host.tlsAlloc(stubborn),
      yield* host.tlsAlloc(addUp),
      yield* host.tlsAlloc(),
      yield* host.tlsAlloc(addUp),
    ];
    expectEqual(new Set(keys).size, 4, "keys");
    for (let index = 0; index < 3; index++) yield* store(host, index, 0);
    for (let index = 3; index <= 6; index++) yield* store(host, index, keys[index - 3]!);
    yield* store(host, 7, how);
    yield* host.tlsSet(keys[2]!, 7);
    yield* join(host, yield* spawn(host, setsValues));
    expectEqual(yield* load(host, 0), 10, "the destructor has had the value");
    expectEqual(yield* load(host, 1), 1, "destructors of the freed key do not run");
    expectEqual(yield* load(host, 2), 4, "rounds of destructors");
    expectEqual(yield* host.tlsGet(keys[2]!), 7, "a value is its thread's own");
    for (const key of keys.slice(0, 3)) expectEqual(yield* host.tlsFree(key), 0, "tlsFree");
    expectEqual(yield* host.tlsFree(keys[0]!), -EINVAL, "tlsFree again");
  }
  for (const none of [0, 999, 1.5]) {
    expectEqual(yield* host.tlsSet(none, 1), -EINVAL, `tlsSet of key ${none}`);
    expectEqual(yield* host.tlsGet(none), 0, `tlsGet of key ${none}`);
  }
}

/** Appends its timer's number to the decimal digits in word 0 and posts word 2. */
function* expires(host: HostOperations, timer: number): Coroutine<void> {
  yield* store(host, 0, (yield* load(host, 0)) * 10 + timer);
  yield* host.semUp(addr(yield* load(host, 2)));
}
/** Arms itself again, until word 0 is 3. */
function* rearms(host: HostOperations, timer: number): Coroutine<void> {
  const times = (yield* load(host, 0)) + 1;
  yield* store(host, 0, times);
  if (times < 3) yield* host.timerSetOneshot(timer, 1);
  else {
    expectEqual(yield* host.timerFree(timer), 0, "a timer frees itself");
    yield* host.semUp(addr(yield* load(host, 2)));
  }
}
/** Posts word 2, waits 3 ms and sets word 0. */
function* lingers(host: HostOperations): Coroutine<void> {
  yield* host.semUp(addr(yield* load(host, 2)));
  yield* host.semDown(addr(yield* load(host, 3)), 3 * MS);
  yield* store(host, 0, 1);
}

export function* timers(host: HostOperations): Coroutine<void> {
  const told = yield* host.semAlloc(0);
  const never = yield* host.semAlloc(0);
  yield* store(host, 2, told);
  yield* store(host, 3, never);
  yield* store(host, 0, 0);
  const [a, b, c] = [
    yield* host.timerAlloc(expires),
    yield* host.timerAlloc(expires),
    yield* host.timerAlloc(expires),
  ];
  expectEqual(yield* host.timerSetOneshot(a, LONG), 0, "arm for much later");
  expectEqual(yield* host.timerSetOneshot(b, 0), 0, "arm for now");
  expectEqual(yield* host.timerSetOneshot(c, Number.POSITIVE_INFINITY), 0, "arm for the end of time");
  expectEqual(yield* host.semDown(told, LONG), 0, "it expires");
  // Arming again replaces.
  for (const timer of [c, a]) {
    expectEqual(yield* host.timerSetOneshot(timer, 1), 0, "arm again");
    expectEqual(yield* host.semDown(told, LONG), 0, "it expires");
  }
  expectEqual(yield* load(host, 0), b * 100 + c * 10 + a, "each once");
  expectEqual(yield* host.timerSetOneshot(a, LONG), 0, "arm");
  expectEqual(yield* host.timerFree(a), 0, "free");
  expectEqual(yield* host.semDown(told, 5 * MS), -ETIMEDOUT, "a freed timer does not expire");
  expectEqual(yield* host.timerSetOneshot(a, 1), -EINVAL, "arm what was freed");
  expectEqual(yield* host.timerSetOneshot(b, Number.NaN), -EINVAL, "arm for no time");
  for (const none of [a, 0, 999]) expectEqual(yield* host.timerFree(none), -EINVAL, `free ${none}`);
  yield* store(host, 0, 0);
  yield* host.timerSetOneshot(yield* host.timerAlloc(rearms), 1);
  expectEqual(yield* host.semDown(told, LONG), 0, "it has expired three times");
  yield* store(host, 0, 0);
  const slow = yield* host.timerAlloc(lingers);
  yield* host.timerSetOneshot(slow, 1);
  yield* host.semDown(told, LONG);
  expectEqual(yield* host.timerFree(slow), 0, "free while the callback runs");
  expectEqual(yield* load(host, 0), 1, "the callback has come to its end");
}

/** In the order of their deadlines, which only virtual time makes certain. */
export function* timerOrder(host: HostOperations): Coroutine<void> {
  const told = yield* host.semAlloc(0);
  yield* store(host, 2, told);
  yield* store(host, 0, 0);
  for (const ns of [3, 1, 2]) yield* host.timerSetOneshot(yield* host.timerAlloc(expires), ns * MS);
  for (let i = 0; i < 3; i++) yield* host.semDown(told, LONG);
  expectEqual(yield* load(host, 0), 231, "the order of expiry");
}

export function* memory(host: HostOperations): Coroutine<void> {
  const pieces: Addr[] = [];
  for (const bytes of [100, 1]) {
    for (;;) {
      const piece = yield* host.memAlloc(bytes);
      if (piece === 0) break;
      expectEqual(piece % 8, 0, "alignment");
      pieces.push(piece);
      if (pieces.length > 10_000) throw new Error("there is no end of memory");
    }
  }
  expectEqual(yield* host.semAlloc(0), 0, "no memory, no semaphore");
  expectEqual(yield* host.mutexAlloc(false), 0, "no memory, no mutex");
  for (const piece of pieces) expectEqual(yield* host.memFree(piece), 0, "free");
  expectEqual(yield* host.memFree(pieces[0]!), -EINVAL, "free again");
  expectEqual(yield* host.memFree(addr(pieces[1]! + 8)), -EINVAL, "free the middle of a piece");
  expectEqual(yield* host.memFree(addr(0)), -EINVAL, "free nothing");
  const whole = yield* host.memAlloc((pieces.length - 8) * 100);
  expectEqual(whole > 0, true, "what was freed is one piece again");
  expectEqual(yield* host.memFree(whole), 0, "free");
}

export function* jumps(host: HostOperations): Coroutine<void> {
  const [outer, inner] = [new JumpBuffer(), new JumpBuffer()];
  const trail: string[] = [];
  const value = yield* host.jmpBufSet(outer, function* () {
    const other = yield* host.jmpBufSet(inner, function* () {
      try {
        yield* host.memAlloc(8);
        host.jmpBufLongjmp(outer, 7);
      } finally {
        trail.push("unwound");
      }
    });
    trail.push(`not reached: ${other}`);
  });
  expectEqual(value, 7, "the value of the jump");
  expectEqual(trail.join(), "unwound", "the frames between");
  expectEqual(yield* host.jmpBufSet(outer, function* () {}), 0, "a body that returns");
  let code = "";
  try {
    host.jmpBufLongjmp(outer, 1);
  } catch (error) {
    code = (error as { code: string }).code;
  }
  expectEqual(code, "ERR_DEAD_FRAME", "a jump to a frame that has returned");
}

/** By name: each is run as the first thread of a host. */
export const scenarios: Readonly<Record<string, HostEntry>> & { readonly threads: HostEntry } = {
  semaphores,
  mutexes,
  threads,
  detached,
  threadLocal,
  timers,
  memory,
  jumps,
};

/** Dies without a word. */
export function* dies(): Coroutine<void> {
  process.exit(3);
}
export function* panics(host: HostOperations): Coroutine<void> {
  yield* store(host, 0, 0);
  host.panic("on purpose");
}
/** Waits for the semaphore in word 0, for a long time. */
export function* waits(host: HostOperations): Coroutine<void> {
  yield* host.semDown(addr(yield* load(host, 0)), LONG);
}

export const image: HostImage = {
  entries: [
    echo,
    adder,
    intruder,
    tellSelf,
    throws,
    exits,
    joinsCreator,
    detaches,
    creates,
    outlives,
    addUp,
    stubborn,
    setsValues,
    expires,
    rearms,
    lingers,
    dies,
    panics,
    waits,
  ],
};
