/**
 * Errors of host tasks, and errors on their way between a thread and its task.
 *
 * | code               | when                                                                                            |
 * |--------------------|--------------------------------------------------------------------------------------------------|
 * | ERR_NOT_HOST_TASK  | a function for host threads is called by none, or in a call of `blocking`                           |
 * | ERR_NOT_A_WORKER   | `worker` is used by a host task that is no worker of a runtime                                      |
 * | ERR_HOST_ASYNC     | a host thread's function has returned a promise                                                    |
 * | ERR_NO_HOST_THREAD | a task is started on a thread of its own, and no Worker is free (`hostSpares`)                      |
 * | ERR_HOST_RESULT    | it has returned what is too big, or cannot be serialized                                           |
 *
 * Who joins a worker whose thread has died gets a HostThreadDiedError: ERR_KILLED, with the thread, its state and last wait.
 */
import { deserialize, serialize } from "node:v8";
import { textOf } from "../../../diagnostics/text-of.ts";
import {
  type DeathState,
  type HostTaskWords,
  TEXT_BYTES,
} from "../../../hosts/threads/vcpu/host-task-words.ts";
import { waitReason } from "../../../kernel-sim/constants.ts";
import { MachineError, type MachineErrorCode } from "../../../kernel-sim/errors.ts";
import { RuntimeError, type RuntimeErrorCode, WorkerKilledError } from "../../../server/runtime-error.ts";

/** What can be wrong with a host task, or with a call of one. */
export type HostTaskErrorCode =
  | "ERR_NOT_HOST_TASK"
  | "ERR_NOT_A_WORKER"
  | "ERR_HOST_ASYNC"
  | "ERR_HOST_RESULT"
  | "ERR_NO_HOST_THREAD";

/** What calls of host tasks throw, and what `spawnHost` does; `code` is stable. */
export class HostTaskError extends Error {
  readonly code: HostTaskErrorCode;
  constructor(code: HostTaskErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "HostTaskError";
    this.code = code;
  }
}

/** A worker whose host thread has died, for who joins it: ERR_KILLED, as of any that was killed. */
export class HostThreadDiedError extends WorkerKilledError {
  /** Number of the task. */
  readonly thread: number;
  readonly state: DeathState;
  /** Why it was not running, if it was not; else why it was not before. */
  readonly lastWait: string;

  constructor(worker: string, signal: number, slot: number, words: HostTaskWords) {
    super(worker, signal);
    this.name = "HostThreadDiedError";
    this.thread = words.deathTid(slot);
    this.state = words.deathState(slot);
    this.lastWait = waitReason(words.deathWait(slot));
    this.message = `the thread of ${worker} has died: ${words.why(slot)} (it was ${this.state}, its last wait: ${this.lastWait})`;
  }
}

const KINDS = ["machine", "runtime", "task", "error", "value"] as const;

/** An error in bytes: what a clone keeps of one, and what it does not. */
interface Carried {
  readonly kind: (typeof KINDS)[number];
  readonly message: string;
  readonly name: string;
  readonly stack: string;
  /** Its own fields, as far as they are texts and numbers. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly value: unknown;
}

function kindOf(error: unknown): Carried["kind"] {
  if (error instanceof MachineError) return "machine";
  if (error instanceof RuntimeError) return "runtime";
  if (error instanceof HostTaskError) return "task";
  return error instanceof Error ? "error" : "value";
}

/** Characters that are told: of two bytes each, a text, a name and a code fit. */
const TEXT_CHARS: number = TEXT_BYTES / 4;
const NAME_CHARS = 64;

/** At most TEXT_BYTES. What does not fit, or cannot be serialized, is told as a text; of an error the name and the code are always told. */
export function packError(error: unknown): Uint8Array {
  const kind = kindOf(error);
  const carried: Carried = { kind, message: "", name: "Error", stack: "", fields: {}, value: undefined };
  if (!(error instanceof Error))
    return packOr({ ...carried, value: error }, { ...carried, value: textOf(error).slice(0, TEXT_CHARS) });
  const plain = Object.entries(error).filter(([, value]) => ["string", "number"].includes(typeof value));
  const fields = Object.fromEntries(plain);
  const message = textOf(error.message).slice(0, TEXT_CHARS);
  const short: Carried = {
    ...carried,
    message,
    name: textOf(error.name).slice(0, NAME_CHARS),
    fields: "code" in fields ? { code: textOf(fields["code"]).slice(0, NAME_CHARS) } : {},
  };
  const stack = textOf(error.stack ?? "").slice(0, TEXT_CHARS);
  // A clone knows the language's own classes.
  return packOr({ ...short, stack, fields, value: kind === "error" ? error : undefined }, short);
}

function packOr(full: Carried, short: Carried): Uint8Array {
  const bytes = tryPack(full);
  return bytes === undefined || bytes.length > TEXT_BYTES ? serialize(short) : bytes;
}

/** Undefined: it cannot be serialized. */
export function tryPack(value: unknown): Uint8Array | undefined {
  try {
    return serialize(value);
  } catch {
    return undefined;
  }
}

export function unpack(bytes: Uint8Array): unknown {
  return deserialize(bytes);
}

/** As it was thrown: of its class, if that is one of ours. */
export function unpackError(bytes: Uint8Array): unknown {
  const { kind, message, name, stack, fields, value } = deserialize(bytes) as Carried;
  if (kind === "value") return value;
  const code = String(fields["code"]);
  const error = value instanceof Error ? value : errorOfKind(kind, code, message);
  Object.assign(error, fields);
  if (error.name !== name) Object.assign(error, { name });
  if (stack !== "") error.stack = stack;
  return error;
}

function errorOfKind(kind: Carried["kind"], code: string, message: string): Error {
  if (kind === "machine") return new MachineError(code as MachineErrorCode, message);
  if (kind === "runtime") return new RuntimeError(code as RuntimeErrorCode, message);
  if (kind === "task") return new HostTaskError(code as HostTaskErrorCode, message);
  return new Error(message);
}
