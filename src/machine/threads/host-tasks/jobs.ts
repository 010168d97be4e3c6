/** The host threads of a machine, as set-up code names them, and what is said of them between main, CPUs and their Workers. */
import type { ResourceLimits } from "node:worker_threads";
import type { Addr } from "../../../atomics/address.ts";
import type { HostTasks } from "../../../hosts/threads/vcpu/host-tasks.ts";
import type { KernelConfig } from "../../../kernel-sim/config.ts";
import { MachineError } from "../../../kernel-sim/errors.ts";
import type { WorkerHandle } from "../../../worker/worker-handle.ts";
import { tryPack } from "./errors.ts";

/** Code of a host thread: a function of a module, TypeScript or JavaScript. */
export interface HostSpec {
  /** Absolute: `new URL("./job.ts", import.meta.url)`. */
  readonly url: URL | string;
  /** Name of the exported function. Default "default". */
  readonly export?: string;
  /** What it is called with: anything that can be cloned. */
  readonly args?: readonly unknown[];
}

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
  readonly job: HostJob;
  /** The machine's memory, with the words of the CPUs from `hostAt` on, and the words of host tasks. */
  readonly buffer: SharedArrayBuffer;
  readonly hostAt: number;
  readonly words: SharedArrayBuffer;
  readonly config: KernelConfig;
}

export type FromHostThread =
  | { readonly kind: "loaded" }
  | { readonly kind: "said"; readonly value: unknown; readonly cpu: number };

export interface HostOptions {
  /** Host threads there can be. Default 64. */
  readonly maxHostTasks?: number;
  /** Limits of each of their Workers. Default: none. */
  readonly hostLimits?: ResourceLimits;
}

/** The host threads that set-up code makes on one CPU: the same on each. */
export class HostJobs {
  readonly host: HostTasks;
  readonly all: HostJob[] = [];
  /** Of workers, by their records. */
  readonly #handles: Map<Addr, WorkerHandle<unknown>> = new Map();

  constructor(host: HostTasks) {
    this.host = host;
  }

  /** A slot for `spec`. Throws ERR_CONFIG. */
  add({ url, export: name = "default", args = [] }: HostSpec, taskName: string | undefined): HostJob {
    const slot = this.all.length;
    const { slots } = this.host.words;
    if (slot === slots) throw new MachineError("ERR_CONFIG", `no host thread left: maxHostTasks is ${slots}`);
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
    const job = { slot, name: taskName ?? `${name}-${slot}`, url: String(url), export: name, args };
    this.all.push(job);
    this.host.used = this.all.length;
    return job;
  }

  know(handle: WorkerHandle<unknown>): void {
    this.#handles.set(handle.record, handle);
  }
  handleOf(record: Addr, generation: number): WorkerHandle<unknown> | undefined {
    const handle = this.#handles.get(record);
    return handle?.generation === generation ? handle : undefined;
  }
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
