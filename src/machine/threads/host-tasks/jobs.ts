/** The host threads of a machine, as set-up code names them, and what is said of them between main, CPUs and their Workers. */
import type { ResourceLimits } from "node:worker_threads";
import type { Addr } from "../../../atomics/address.ts";
import type { HostTasks } from "../../../hosts/threads/vcpu/host-tasks.ts";
import type { TaskOptions } from "../../../kernel-sim/clone.ts";
import type { KernelConfig } from "../../../kernel-sim/config.ts";
import { MachineError } from "../../../kernel-sim/errors.ts";
import type { WorkerHandle } from "../../../worker/worker-handle.ts";
import type { FromCpu } from "../messages.ts";
import { HostTaskError, tryPack } from "./errors.ts";

/** Code of a host thread: a function of a module, TypeScript or JavaScript. */
export interface HostSpec {
  /** Absolute: `new URL("./job.ts", import.meta.url)`. */
  readonly url: URL | string;
  /** Name of the exported function. Default "default". */
  readonly export?: string;
  /** What it is called with: anything that can be cloned. */
  readonly args?: readonly unknown[];
}

/** What a host task is made with: as any task. */
export type HostTaskOptions = Omit<TaskOptions, "name"> & { readonly name?: string };

/** What a Worker is to run, and as which task. */
export interface HostJob {
  readonly slot: number;
  readonly name: string;
  readonly url: string;
  readonly export: string;
  readonly args: readonly unknown[];
}

/** What the Worker of a host thread is given. */
export interface HostStart {
  readonly slot: number;
  /** Its first; undefined: it waits for one. */
  readonly job: HostJob | undefined;
  /** The machine's memory, with the words of the CPUs from `hostAt` on, and the words of host tasks. */
  readonly buffer: SharedArrayBuffer;
  readonly hostAt: number;
  readonly words: SharedArrayBuffer;
  readonly config: KernelConfig;
}

export type FromHostThread =
  | { readonly kind: "loaded" }
  | { readonly kind: "said"; readonly value: unknown; readonly cpu: number };

/** Host threads of a machine. */
export interface HostOptions {
  /** Host threads there can be at once, or die. Default 64. */
  readonly maxHostTasks?: number;
  /** Workers that wait to be host threads of tasks that other tasks start, beside those of set-up code. Default 0. */
  readonly hostSpares?: number;
  /** Limits of each of their Workers. Default: none. */
  readonly hostLimits?: ResourceLimits;
}

/** The host threads that set-up code makes on one CPU: the same on each. */
export class HostJobs {
  readonly host: HostTasks;
  readonly all: HostJob[] = [];
  /** Of workers, by their records. */
  readonly #handles: Map<Addr, WorkerHandle<unknown>> = new Map();
  readonly #tell: (message: FromCpu) => void;

  constructor(host: HostTasks, tell: (message: FromCpu) => void) {
    this.host = host;
    this.#tell = tell;
  }

  /** Set-up code: a slot for `spec`, which gets a Worker before the machine runs. Throws ERR_CONFIG. */
  add(spec: HostSpec, name: string | undefined): HostJob {
    const { words } = this.host;
    const slot = this.all.length;
    if (slot === words.slots)
      throw new MachineError("ERR_CONFIG", `no host thread left: maxHostTasks is ${words.slots}`);
    const job = jobOf(slot, spec, name);
    words.use(slot);
    words.claim(slot);
    this.all.push(job);
    return job;
  }

  /** A task: a slot for `spec` whose Worker is free, and hears of it. Throws ERR_CONFIG, ERR_NO_HOST_THREAD. */
  take(spec: HostSpec, name: string | undefined): HostJob {
    const { words } = this.host;
    for (let slot = 0; slot < words.used; slot++) {
      if (words.isTaken(slot)) continue;
      const job = jobOf(slot, spec, name);
      if (!words.claim(slot)) continue;
      this.#tell({ kind: "host-job", job });
      return job;
    }
    throw new HostTaskError("ERR_NO_HOST_THREAD", `none of ${words.used} host threads is free: hostSpares`);
  }

  know(handle: WorkerHandle<unknown>): void {
    this.#handles.set(handle.record, handle);
  }
  handleOf(record: Addr, generation: number): WorkerHandle<unknown> | undefined {
    const handle = this.#handles.get(record);
    return handle?.generation === generation ? handle : undefined;
  }
}

function jobOf(slot: number, spec: HostSpec, taskName: string | undefined): HostJob {
  const { url, export: name = "default", args = [] } = spec;
  if (!URL.canParse(String(url)))
    throw new MachineError(
      "ERR_CONFIG",
      `the module of a host thread is named by an absolute URL, got ${url}`,
    );
  if (!Array.isArray(args) || !isClonable(args))
    throw new MachineError(
      "ERR_CONFIG",
      `the arguments of ${name} are a list of what can be cloned, got ${String(args)}`,
    );
  return { slot, name: taskName ?? `${name}-${slot}`, url: String(url), export: name, args };
}

/** Shared memory can be cloned, and not serialized. */
function isClonable(args: readonly unknown[]): boolean {
  if (tryPack(args) !== undefined) return true;
  try {
    structuredClone(args);
    return true;
  } catch {
    return false;
  }
}
