/** What the kernel's thread is given, and what it says to who has booted it. Calls go through mailboxes. */
import type { MachineConfig } from "../machine.ts";

export interface KernelStart {
  readonly mailboxes: SharedArrayBuffer;
  readonly callers: number;
  readonly config: MachineConfig;
}

/** What a thread needs to call the kernel: structured-clonable, for `workerData`. */
export interface LibraryHandle {
  readonly mailboxes: SharedArrayBuffer;
  readonly callers: number;
  /** The memory of the machine. Addresses are byte offsets into it. */
  readonly memory: SharedArrayBuffer;
}

/** What the end of a library kernel left behind. */
export interface HaltReport {
  /** Calls that were under way, and have ended with ERR_HALTED. */
  readonly cancelled: number;
  /** Tasks that had not exited. */
  readonly tasks: number;
}

export type FromKernel =
  | { readonly kind: "booted"; readonly memory: SharedArrayBuffer }
  | { readonly kind: "halted"; readonly report: HaltReport };
