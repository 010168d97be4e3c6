/**
 * A thread's connection to the kernel: its mailbox, and so its task. Calls are plain functions that block the thread.
 *
 * ```ts
 * // worker.ts
 * const { syscall, bytes, disconnect } = connect(workerData);
 * const into = syscall.allocate(64);
 * const length = syscall.read(fd, into, 64);
 * ```
 */
import { runToEnd, WorkerWords } from "../hosts/threads/index.ts";
import { CALL_NAMES, type CallName, type LibraryCalls } from "./calls.ts";
import { LibraryError } from "./errors.ts";
import { type CallArguments, callKernel, claimMailbox, freeMailbox } from "./mailbox.ts";
import type { LibraryHandle } from "./messages.ts";

/** A thread's way into the kernel: system calls as functions. Made by `connect`. */
export interface Connection extends SharedViews {
  /** The system calls, as functions that return when they are done. Throw LibraryError, never for an errno. */
  readonly syscall: LibraryCalls;
  /** Gives the mailbox back. Its task stays, for whoever has it next. */
  disconnect(): void;
}

export interface SharedViews {
  /** The memory of the machine as words: address `a` is word `a >> 2`. For `Atomics`. */
  readonly words: Int32Array<SharedArrayBuffer>;
  /** A view of `length` bytes at `a`. */
  bytes(a: number, length: number): Uint8Array<SharedArrayBuffer>;
}

/** Views of the memory that all threads and the kernel share. */
export function viewsOf(memory: SharedArrayBuffer): SharedViews {
  return {
    words: new Int32Array(memory),
    bytes: (a, length) => new Uint8Array(memory, a, length),
  };
}

export type CallTable<T> = { readonly [Name in CallName]: (...args: Parameters<LibraryCalls[Name]>) => T };

/** The table of calls, each made by `make` from its number and its arguments. */
export function tableOf<T>(make: (call: number, args: CallArguments) => T): CallTable<T> {
  const entries = CALL_NAMES.map(
    (name, call) => [name, (...args: CallArguments) => make(call, args)] as const,
  );
  return Object.fromEntries(entries) as CallTable<T>;
}

/** Connects the calling thread. Throws ERR_NO_SLOT. */
export function connect({ mailboxes, callers, memory }: LibraryHandle): Connection {
  const words = new WorkerWords(mailboxes, 0, () => undefined);
  const caller = runToEnd(claimMailbox(words, callers));
  let connected = true;
  const check = (): void => {
    if (!connected) throw new LibraryError("ERR_DISCONNECTED", "this connection has been given up");
  };
  return {
    ...viewsOf(memory),
    syscall: tableOf((call, args) => {
      check();
      return runToEnd(callKernel(words, caller, call, args));
    }),
    disconnect: () => {
      check();
      connected = false;
      runToEnd(freeMailbox(words, caller));
    },
  };
}
