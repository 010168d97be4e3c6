/** What main and the Workers of CPUs say to each other through ports. Everything else is in shared words. */
import { textOf } from "../../diagnostics/text-of.ts";
import type { OrderedEvent } from "../../hosts/threads/vcpu/ordered-ring.ts";
import type { KernelConfig } from "../../kernel-sim/config.ts";
import type { BootReport } from "../../kernel-sim/smp/bring-up.ts";
import type { UmcgProfile } from "../../umcg/umcg.ts";
import type { HostJob } from "./host-tasks/jobs.ts";

/** What the Worker of a CPU is given to begin with. */
export interface CpuStart {
  readonly cpu: number;
  /** The machine's memory, and behind it, from `hostAt` on, the words of the host. */
  readonly buffer: SharedArrayBuffer;
  readonly hostAt: number;
  /** The memory before set-up, and after it. */
  readonly before: SharedArrayBuffer;
  readonly after: SharedArrayBuffer;
  readonly config: KernelConfig;
  readonly umcg: UmcgProfile;
  readonly image: string;
  readonly entry: string;
  readonly args: unknown;
  readonly spin: boolean;
  readonly checkLocks: boolean;
  readonly disturb: number;
  readonly trace: boolean;
  readonly traceEvents: number;
  /** The words of host tasks. */
  readonly hosts: SharedArrayBuffer;
}

/** An error on its way to main. */
export interface Failure {
  readonly code: string | undefined;
  readonly message: string;
  readonly stack: string;
  /** As far as it can be cloned. */
  readonly cause: unknown;
}

/** What set-up code has told a CPU's kernel. */
export interface Told {
  /** Names of tasks, by tid. */
  readonly names: readonly string[];
  /** Interrupt lines that were requested, and that of completions. */
  readonly lines: number;
  readonly line: number | undefined;
  readonly hosts: readonly HostJob[];
}

export type FromCpu =
  | { readonly kind: "loaded" }
  /** From CPU 0. */
  | { readonly kind: "booted"; readonly report: BootReport }
  /** Set-up is done on this CPU. */
  | ({ readonly kind: "ready" } & Told)
  | { readonly kind: "failed"; readonly failure: Failure }
  | { readonly kind: "said"; readonly value: unknown }
  /** The task of a host thread is over, or is to be killed while the thread computes. */
  | { readonly kind: "end-host"; readonly slot: number }
  /** A task has started one on a thread of its own. */
  | { readonly kind: "host-job"; readonly job: HostJob }
  /** Its function has thrown `error`, packed. */
  | {
      readonly kind: "host-threw";
      readonly tid: number;
      readonly name: string;
      readonly wait: number;
      readonly error: Uint8Array;
    }
  | { readonly kind: "stopped"; readonly events: readonly OrderedEvent[] };

export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error))
    return { code: undefined, message: textOf(error), stack: "", cause: undefined };
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  return { code, message: error.message, stack: error.stack ?? "", cause: clonable(error.cause) };
}

function clonable(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    return textOf(value);
  }
}
