/**
 * The table of host operations: all that a kernel asks of the environment it is linked into (lkl.md 2).
 *
 * Every operation is a coroutine step, so that the same kernel runs on every host (host-words.ts says which there are). What
 * differs from LKL's table, and why:
 *
 * | LKL                                       | here                                                                        |
 * |-------------------------------------------|-----------------------------------------------------------------------------|
 * | sem_down, mutex_lock, thread_join wait for ever | each takes a timeout: nothing in this project waits without one            |
 * | a failure is logged by the host            | a failure is a negated errno that the caller gets                            |
 * | a thread's function is an address          | a function of the *image*: the list that all isolates load                   |
 * | thread_create: 0 = failure, without a cause | a handle from 1 up, or a negated errno that is the cause; 0 is never returned |
 * | thread_exit, longjmp do not unwind         | they do: a coroutine has no other way out (jump.ts)                          |
 * | timer_free may leave a callback in flight  | it does not: it waits for the callback, unless it is called by it            |
 * | tls_free may run destructors on some hosts  | never                                                                        |
 * | gettid, thread_stack, page_alloc, mmap, shmem, ioremap, iomem, pci | absent: nothing here has a stack to look at, pages or devices of a host |
 *
 * A handle is a number other than 0 in a word, and none is used again before 4096 others in its place.
 */
import type { Addr } from "../../../atomics/address.ts";
import type { Coroutine } from "../../../atomics/step.ts";
import type { HostWords } from "./host-words.ts";
import type { JumpBuffer } from "./jump.ts";

/** The code of a thread, of a destructor or of a timer. `arg`: a 32-bit word, often an address. */
export type HostEntry = (host: HostOperations, arg: number) => Coroutine<void>;

/** The program text: what every isolate loads, with every function that one thread may have another run. */
export interface HostImage {
  readonly entries: readonly HostEntry[];
}

/** How a thread ended: what `threadJoin` returns. */
export const THREAD_RETURNED = 0;
export const THREAD_THREW = 1;
/** Its host thread is gone, without a word. */
export const THREAD_DIED = 2;

export interface HostOperations {
  /** What the operations are made of; for code that has words of its own to wait for. */
  readonly words: HostWords;

  /** A semaphore of `count`; NULL when there is no memory (-ENOMEM for whoever asked). */
  semAlloc(count: number): Coroutine<Addr>;
  /** Frees it. Nobody waits for it nor will post it: unchecked, as in LKL. 0, -EINVAL for what is none. */
  semFree(sem: Addr): Coroutine<number>;
  /** +1, and wakes one waiter. Any thread. Releases: what the caller wrote is seen by whom it lets go on. */
  semUp(sem: Addr): Coroutine<void>;
  /** Waits until it is not 0, and takes 1. 0, -ETIMEDOUT. Wake-ups for no reason are not passed on. */
  semDown(sem: Addr, timeoutNs: number): Coroutine<number>;

  /** A mutex, which its owner may lock again if it is `recursive`; NULL when there is no memory. */
  mutexAlloc(recursive: boolean): Coroutine<Addr>;
  /** 0, -EBUSY, without effect, while it is locked, -EINVAL for what is none. */
  mutexFree(mutex: Addr): Coroutine<number>;
  /** 0, -EDEADLK when the caller has it and it is not recursive, -ETIMEDOUT. */
  mutexLock(mutex: Addr, timeoutNs: number): Coroutine<number>;
  /** 0, -EPERM when the caller has not locked it. */
  mutexUnlock(mutex: Addr): Coroutine<number>;

  /**
   * Starts a thread that runs `entry(host, arg)` and waits until it has come to life. It may be over when this returns. A
   * handle; -EAGAIN: no slot is free, or the host has no thread to give; -ETIMEDOUT: it did not come to life in time (it will
   * not any more); -ECHILD: it died, or its image did not load. Throws ERR_HOST_ENTRY for a function that is not in the image.
   */
  threadCreate(entry: HostEntry, arg: number): Coroutine<number>;
  /** The caller will not be joined: its slot is free as soon as it has ended. 0, -EINVAL when it is detached already. */
  threadDetach(): Coroutine<number>;
  /** Ends the calling thread, after its frames have been unwound and its destructors run. */
  threadExit(): Coroutine<never>;
  /**
   * Waits for a thread to end and frees its slot. How it ended (THREAD_), or -ESRCH for what is no thread, or was joined;
   * -EINVAL: it is detached; -EDEADLK: the caller itself; -ETIMEDOUT.
   */
  threadJoin(thread: number, timeoutNs: number): Coroutine<number>;
  /** The handle of the caller: what `threadCreate` has returned to its creator. */
  threadSelf(): Coroutine<number>;
  threadEqual(a: number, b: number): boolean;

  /**
   * A key, or 0 when none is left. When a thread ends whose value is not 0, the value is set to 0 and `destructor(host,
   * value)` runs on that thread; again for values set by destructors, in at most 4 rounds (as POSIX has it).
   */
  tlsAlloc(destructor?: HostEntry): Coroutine<number>;
  /** Frees a key, with the values of all threads; no destructor runs. 0, -EINVAL. */
  tlsFree(key: number): Coroutine<number>;
  /** Sets the caller's value, a 32-bit word. 0, -EINVAL for what is no key. */
  tlsSet(key: number, value: number): Coroutine<number>;
  /** The caller's value; 0 when it has set none, or for what is no key. */
  tlsGet(key: number): Coroutine<number>;

  /** At least `bytes`, aligned to 8, not zeroed; NULL when there is no such piece. */
  memAlloc(bytes: number): Coroutine<Addr>;
  /** 0, -EINVAL for what memAlloc has not returned, or was freed. */
  memFree(piece: Addr): Coroutine<number>;

  /** ns, monotonic, the same clock on all threads. */
  time(): number;

  /**
   * A one-shot timer, which runs `fn(host, timer)` on a thread of the host's own; 0 when none is left or there is no thread
   * to run it. Callbacks of all timers take turns on that thread: they must not block for long.
   */
  timerAlloc(fn: HostEntry): Coroutine<number>;
  /** Has it expire once, `ns` from now (at least 1), instead of whenever it was to. 0, -EINVAL. */
  timerSetOneshot(timer: number, ns: number): Coroutine<number>;
  /** Disarms and frees it. When this has returned, its callback does not run and will not. 0, -EINVAL. */
  timerFree(timer: number): Coroutine<number>;

  /** Runs `body` and returns 0, or the value of a jump to `buffer` from within. */
  jmpBufSet(buffer: JumpBuffer, body: () => Coroutine<void>): Coroutine<number>;
  /** Throws ERR_DEAD_FRAME when that frame has returned. */
  jmpBufLongjmp(buffer: JumpBuffer, value: number): never;

  /** A line to wherever the host's messages go. Any thread, at any time, also before the kernel is up. */
  print(text: string): void;
  /** Prints `text` and does not return: ERR_HOST_PANIC. */
  panic(text: string): never;
}
