/** A thread as its spawner sees it. */
import type { ThreadState } from "./errors.ts";

/** What the runtime does for its handles. */
export interface ThreadControl {
  kill(thread: number, reason: unknown): void;
  unpark(thread: number): Promise<boolean>;
  kick(thread: number): Promise<boolean>;
  cancel(thread: number): Promise<boolean>;
  stateOf(thread: number): ThreadState;
}

/** A host thread as its owner has it. */
export class ThreadHandle<T> {
  /** Its number among all of the runtime, from 1, never used again: what `switchTo` and `unpark` take. */
  readonly id: number;
  readonly #control: ThreadControl;
  readonly #result: Promise<T>;

  /** Use `HostThreads.spawn`. */
  constructor(id: number, control: ThreadControl, result: Promise<T>) {
    this.id = id;
    this.#control = control;
    this.#result = result;
    // Who never joins is not to be told by a crash of the process.
    result.catch(Boolean);
  }

  /** What its function returns. Rejects with a ThreadError; ThreadEndError when it ended without a result. */
  join(): Promise<T> {
    return this.#result;
  }

  get state(): ThreadState {
    return this.#control.stateOf(this.id);
  }

  /**
   * Terminates it wherever it is; its join rejects with ERR_THREAD_KILLED. Its CPU is somebody else's when its Worker has gone,
   * for which a system call that it is in has to return.
   */
  kill(reason?: unknown): void {
    this.#control.kill(this.id, reason);
  }

  /**
   * Asks it to end: its next wait, or the one that it is in, throws ERR_CANCELLED there, once. If it ends by that, its join rejects with
   * ERR_THREAD_CANCELLED, as that of one that has not begun does at once. False: it has been asked before, or has ended.
   */
  cancel(): Promise<boolean> {
    return this.#control.cancel(this.id);
  }

  /** Ends its park, or its next. False: it has not begun, or has ended. */
  unpark(): Promise<boolean> {
    return this.#control.unpark(this.id);
  }

  /** Asks it to give way at its next safepoint. False: it does not run. */
  kick(): Promise<boolean> {
    return this.#control.kick(this.id);
  }
}
