/** What a Worker and the owner of a runtime say to each other through ports. Everything else is in shared words. */
import type { MessagePort } from "node:worker_threads";
import type { ThreadSizes } from "./layout.ts";
import type { PolicyChoice } from "./policies/index.ts";

/** A function that threads may run. */
export interface Code {
  readonly number: number;
  readonly url: string;
  readonly export: string;
}

/** What a Worker is given to begin with. */
export interface ThreadStart {
  readonly buffer: SharedArrayBuffer;
  readonly sizes: ThreadSizes;
  readonly policy: PolicyChoice;
  readonly slot: number;
  readonly spinNs: number;
  readonly lockSpins: number;
  readonly codes: readonly Code[];
  /** For what does not fit words. Read when a word says that there is something. */
  readonly port: MessagePort;
}

export type ToThread =
  | { readonly kind: "code"; readonly code: Code }
  | { readonly kind: "arguments"; readonly thread: number; readonly values: readonly unknown[] };

export interface FromThread {
  readonly thread: number;
  readonly value: unknown;
}

/** What a thread has thrown: the error's clone, and what a clone does not keep. */
export interface ThrownValue {
  readonly error: unknown;
  readonly name?: unknown;
  readonly code?: unknown;
}

/** As it was thrown. */
export function restoreThrown({ error, name, code }: ThrownValue): unknown {
  if (!(error instanceof Error)) return error;
  if (typeof name === "string" && error.name !== name) Object.assign(error, { name });
  return code === undefined ? error : Object.assign(error, { code });
}

/** On the Worker's own port: it waits to be a thread. */
export const READY_MESSAGE = "ready";
