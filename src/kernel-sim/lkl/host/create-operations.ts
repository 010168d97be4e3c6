/** The table of host operations over the words of one host thread. */
import { type Addr, NULL } from "../../../atomics/address.ts";
import { EBUSY, EINVAL } from "../../../atomics/errno.ts";
import type { Coroutine } from "../../../atomics/step.ts";
import { FOREVER } from "../../times.ts";
import { LklError } from "../errors.ts";
import { heapGive, heapInit, heapTake } from "./heap.ts";
import type { HostEntry, HostImage, HostOperations } from "./host-operations.ts";
import type { HostWords } from "./host-words.ts";
import { JumpBuffer, jump, jumpSet } from "./jump.ts";
import type { HostLayout } from "./layout.ts";
import { MUTEX_BYTES, mutexIdle, mutexInit, mutexLock, mutexUnlock } from "./mutex.ts";
import { SEMAPHORE_BYTES, semDown, semInit, semUp } from "./semaphore.ts";
import { keyFree, keyTake, valueGet, valueSet } from "./thread-local.ts";
import { adoptThread, createThread, detachThread, joinThread, selfHandle } from "./threads.ts";
import { serveTimers, timerArm, timerGive, timerTake } from "./timers.ts";
import { fetchAdd } from "./words.ts";

/** Value of the jump that ends a thread. */
const EXIT = 1;

/** What a program hands the host: `image`, with the entry that serves its timers added to it. */
export function completeImage(image: HostImage): HostImage {
  return { entries: [...image.entries, timerService] };
}

/** Runs on the timer thread. Its argument would not fit a word, so each isolate finds its own table. */
function* timerService(host: HostOperations): Coroutine<void> {
  if (host instanceof Operations) yield* host.serveTimers();
}

export class Operations implements HostOperations {
  readonly words: HostWords;
  readonly layout: HostLayout;
  /** Completed: see completeImage. */
  readonly image: HostImage;
  /** Where the frames of the calling thread begin. */
  readonly exit: JumpBuffer = new JumpBuffer();

  constructor(words: HostWords, layout: HostLayout, image: HostImage) {
    this.words = words;
    this.layout = layout;
    this.image = image;
  }

  /** Once, on the thread that boots, before there is another: makes the locks and the heap, and takes a slot. */
  *boot(): Coroutine<void> {
    const { words, layout } = this;
    yield* heapInit(words.memory, layout);
    yield* mutexInit(words, layout.heapLock, false);
    yield* mutexInit(words, layout.keysLock, false);
    yield* mutexInit(words, layout.timersLock, false);
    yield* adoptThread(words, layout);
  }

  /** Ends the timer thread, if there is one. What else there is of threads is for the caller to join before. */
  *close(timeoutNs: number): Coroutine<number> {
    const { words, layout } = this;
    const thread = yield* words.memory.xchg32(layout.timerThread, 0);
    if (thread === 0) return 0;
    yield* fetchAdd(words.memory, layout.timerBell, 1);
    yield* words.wakeWord(layout.timerBell, 1);
    return yield* joinThread(words, layout, thread, timeoutNs);
  }

  *semAlloc(count: number): Coroutine<Addr> {
    const sem = yield* this.memAlloc(SEMAPHORE_BYTES);
    if (sem !== NULL) yield* semInit(this.words, sem, count);
    return sem;
  }
  semFree(sem: Addr): Coroutine<number> {
    return this.memFree(sem);
  }
  semUp(sem: Addr): Coroutine<void> {
    return semUp(this.words, sem);
  }
  semDown(sem: Addr, timeoutNs: number): Coroutine<number> {
    return semDown(this.words, sem, timeoutNs);
  }

  *mutexAlloc(recursive: boolean): Coroutine<Addr> {
    const mutex = yield* this.memAlloc(MUTEX_BYTES);
    if (mutex !== NULL) yield* mutexInit(this.words, mutex, recursive);
    return mutex;
  }
  *mutexFree(mutex: Addr): Coroutine<number> {
    if (mutex === NULL) return -EINVAL;
    return (yield* mutexIdle(this.words, mutex)) === 0 ? yield* this.memFree(mutex) : -EBUSY;
  }
  mutexLock(mutex: Addr, timeoutNs: number): Coroutine<number> {
    return mutexLock(this.words, mutex, timeoutNs);
  }
  mutexUnlock(mutex: Addr): Coroutine<number> {
    return mutexUnlock(this.words, mutex);
  }

  threadCreate(entry: HostEntry, arg: number): Coroutine<number> {
    return createThread(this.words, this.layout, this.#number(entry), arg);
  }
  threadDetach(): Coroutine<number> {
    return detachThread(this.words, this.layout);
  }
  *threadExit(): Coroutine<never> {
    return jump(this.exit, EXIT);
  }
  threadJoin(thread: number, timeoutNs: number): Coroutine<number> {
    return joinThread(this.words, this.layout, thread, timeoutNs);
  }
  threadSelf(): Coroutine<number> {
    return selfHandle(this.words, this.layout);
  }
  threadEqual(a: number, b: number): boolean {
    return a === b;
  }

  tlsAlloc(destructor?: HostEntry): Coroutine<number> {
    const number = destructor === undefined ? -1 : this.#number(destructor);
    return this.#locked(this.layout.keysLock, keyTake(this.words, this.layout, number));
  }
  tlsFree(key: number): Coroutine<number> {
    return this.#locked(this.layout.keysLock, keyFree(this.words, this.layout, key));
  }
  tlsSet(key: number, value: number): Coroutine<number> {
    return valueSet(this.words, this.layout, key, value);
  }
  tlsGet(key: number): Coroutine<number> {
    return valueGet(this.words, this.layout, key);
  }

  memAlloc(bytes: number): Coroutine<Addr> {
    return this.#locked(this.layout.heapLock, heapTake(this.words.memory, this.layout, bytes));
  }
  memFree(piece: Addr): Coroutine<number> {
    return this.#locked(this.layout.heapLock, heapGive(this.words.memory, this.layout, piece));
  }

  time(): number {
    return this.words.now();
  }
  *timerAlloc(fn: HostEntry): Coroutine<number> {
    const entry = this.#number(fn);
    return yield* this.#locked(this.layout.timersLock, this.#takeTimer(entry));
  }
  timerSetOneshot(timer: number, ns: number): Coroutine<number> {
    return timerArm(this, this.layout, timer, ns);
  }
  *timerFree(timer: number): Coroutine<number> {
    const served = yield* this.words.memory.load32(this.layout.timerThread);
    return yield* timerGive(this, this.layout, timer, served === (yield* this.threadSelf()));
  }
  serveTimers(): Coroutine<void> {
    return serveTimers(this, this.layout, this.image);
  }

  jmpBufSet(buffer: JumpBuffer, body: () => Coroutine<void>): Coroutine<number> {
    return jumpSet(buffer, body);
  }
  jmpBufLongjmp(buffer: JumpBuffer, value: number): never {
    return jump(buffer, value);
  }

  print(text: string): void {
    this.words.print(text);
  }
  panic(text: string): never {
    this.print(text);
    throw new LklError("ERR_HOST_PANIC", text);
  }

  /** The first one starts the thread that serves all. */
  *#takeTimer(entry: number): Coroutine<number> {
    const { words, layout } = this;
    if ((yield* words.memory.load32(layout.timerThread)) === 0) {
      const service = this.image.entries.length - 1;
      const thread = yield* createThread(words, layout, service, 0);
      if (thread < 0) return 0;
      yield* words.memory.store32(layout.timerThread, thread);
    }
    return yield* timerTake(this, layout, entry);
  }

  *#locked<T>(lock: Addr, body: Coroutine<T>): Coroutine<T> {
    yield* mutexLock(this.words, lock, FOREVER);
    const result = yield* body;
    yield* mutexUnlock(this.words, lock);
    return result;
  }

  #number(entry: HostEntry): number {
    const found = this.image.entries.indexOf(entry);
    if (found >= 0) return found;
    throw new LklError("ERR_HOST_ENTRY", `${entry.name || "the function"} is not in the image`);
  }
}
