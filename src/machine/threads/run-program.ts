/**
 * One program text, on the host of one's choice: its set-up function is run on a simulated machine, or on one of real threads.
 *
 *     export function setUp(machine: ProgramMachine): void {
 *       const runtime = createRuntime(machine);
 *       runtime.spawn(function* (worker) { machine.say(worker.now()); });
 *     }
 *     if (isMainThread) await runProgram(setUp, { url: import.meta.url, host: "threads", vcpus: 2, onMessage: console.log });
 *
 * What makes it one text: set-up code gets its machine, its arguments and a way to tell its results, and no host gives it more. What
 * tasks share is in user memory, because on real threads each CPU has JavaScript objects of its own. So arguments and messages
 * are clones on both hosts, and a program that would pass a function fails on the host where that is found out soonest.
 */
import type { Addr } from "../../atomics/address.ts";
import type { Protection } from "../../atomics/page-table.ts";
import type { Known } from "../../diagnostics/known-options.ts";
import { briefOf } from "../../diagnostics/text-of.ts";
import type { TaskOptions } from "../../kernel-sim/clone.ts";
import { KERNEL_OPTIONS, type KernelOptions } from "../../kernel-sim/default-config.ts";
import { checkNames, MachineError } from "../../kernel-sim/errors.ts";
import type { Tid } from "../../kernel-sim/ids.ts";
import type { Kernel } from "../../kernel-sim/kernel.ts";
import { createMachine } from "../../machine.ts";
import type { Program, UserSpace } from "../../umcg/env.ts";
import type { MachineConfig } from "../config.ts";
import type { ThreadMachineConfig } from "./config.ts";
import { checkOutsideCpu, imageUrl, sent } from "./image-check.ts";
import { createThreadMachine } from "./thread-machine.ts";

/** What set-up code has on every host. */
export interface ProgramMachine {
  readonly userSpace: UserSpace;
  readonly kernel: Kernel;
  /** Those of `runProgram`, a copy. */
  readonly args: unknown;
  /** Tells `onMessage` something that can be cloned, from any task. What set-up code says itself, every CPU of real threads says. */
  readonly say: (value: unknown) => void;
  spawn(program: Program, options?: TaskOptions): Tid;
  allocate(bytes: number, align?: number): Addr;
  protect(a: Addr, length: number, protection: Protection): void;
  swapOut(a: Addr, length: number): void;
}

/** Hosts that `runProgram` knows. */
export const PROGRAM_HOSTS = ["virtual", "threads"] as const;
/** A host by name. */
export type ProgramHost = (typeof PROGRAM_HOSTS)[number];

/** A program, its machine and its host. */
export interface ProgramOptions extends KernelOptions {
  /** The module that exports the set-up function under its own name: `import.meta.url`. */
  readonly url: URL | string;
  /** "virtual" (default) or "threads". */
  readonly host?: string;
  readonly args?: unknown;
  /** Hears what tasks say; all of it before `runProgram` is over. */
  readonly onMessage?: (value: unknown) => void;
  /** On real threads: tasks that are left by then are an error (ERR_RUN_LIMIT), ms. Default 60 000. */
  readonly timeoutMs?: number;
  /** What only a simulated machine is asked for. */
  readonly virtual?: Omit<MachineConfig, keyof KernelOptions>;
  /** What only one of real threads is asked for. */
  readonly threads?: Omit<
    ThreadMachineConfig,
    keyof KernelOptions | "image" | "entry" | "args" | "onMessage"
  >;
}

/** What a run came to, on either host. */
export interface ProgramResult {
  readonly host: ProgramHost;
  /** How long it took: virtual time, or real. */
  readonly ns: number;
  readonly switches: number;
}

const TIMEOUT_MS = 60_000;

const PROGRAM_OPTIONS: Known<ProgramOptions> = {
  ...KERNEL_OPTIONS,
  url: true,
  host: true,
  args: true,
  onMessage: true,
  timeoutMs: true,
  virtual: true,
  threads: true,
};

/** Rejects with ERR_IMAGE for a function without a name, or in the middle of loading an image; and as the machine does: ERR_CONFIG, ERR_DEADLOCK, ERR_PROGRAM_THREW, ERR_IMAGE, ERR_RUN_LIMIT. No Worker is left. */
export async function runProgram(
  setUp: (machine: ProgramMachine) => void,
  options: ProgramOptions,
): Promise<ProgramResult> {
  const { host = "virtual" } = options;
  checkOutsideCpu("runProgram");
  checkNames(options, PROGRAM_OPTIONS);
  checkSetUp(setUp, options);
  if (host === "virtual") return runVirtual(setUp, options);
  if (host === "threads") return await runOnThreads(setUp.name, options);
  throw new MachineError("ERR_CONFIG", `host must be one of ${PROGRAM_HOSTS.join(", ")}, got ${host}`);
}

/** What would be found out on one host only is found out on both. */
function checkSetUp(setUp: unknown, { url }: ProgramOptions): void {
  if (typeof setUp !== "function")
    throw new MachineError("ERR_CONFIG", `setUp must be a function, got ${briefOf(setUp)}`);
  if (setUp.name === "")
    throw new MachineError(
      "ERR_IMAGE",
      `setUp must be exported by ${url} under a name of its own, and has none: ${briefOf(setUp)}`,
    );
  imageUrl("url", url);
}

function runVirtual(setUp: (machine: ProgramMachine) => void, options: ProgramOptions): ProgramResult {
  const { url: _url, host: _host, timeoutMs: _ms, threads: _threads, ...rest } = options;
  const { args, onMessage = () => undefined, virtual, ...kernelOptions } = rest;
  const machine = createMachine({ ...kernelOptions, ...virtual });
  const { userSpace, kernel } = machine;
  setUp({
    userSpace,
    kernel,
    args: sent("args", args, structuredClone),
    say: (value) => onMessage(sent("what is said", value, structuredClone)),
    spawn: (program, own) => machine.spawn(program, own),
    allocate: (bytes, align) => machine.allocate(bytes, align),
    protect: (a, length, protection) => machine.protect(a, length, protection),
    swapOut: (a, length) => machine.swapOut(a, length),
  });
  const { virtualNs: ns, switches } = machine.run();
  return { host: "virtual", ns, switches };
}

async function runOnThreads(entry: string, options: ProgramOptions): Promise<ProgramResult> {
  const { url, host: _host, virtual: _virtual, ...rest } = options;
  const { args, onMessage, timeoutMs = TIMEOUT_MS, threads, ...kernelOptions } = rest;
  const machine = await createThreadMachine({
    ...kernelOptions,
    ...threads,
    image: imageUrl("url", url),
    entry,
    args,
    onMessage: (value) => onMessage?.(value),
  });
  try {
    const { ns, switches } = await machine.run({ timeoutMs });
    return { host: "threads", ns, switches };
  } finally {
    // What was said has been heard when it has stopped.
    await machine[Symbol.asyncDispose]();
  }
}
