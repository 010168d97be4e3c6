/** What the Workers of a machine's CPUs are given: the same for all but their number. */
import { availableParallelism } from "node:os";
import type { VcpuWords } from "../../hosts/threads/vcpu/words.ts";
import { checkNames } from "../../kernel-sim/errors.ts";
import type { Kernel } from "../../kernel-sim/kernel.ts";
import { THREAD_MACHINE_OPTIONS, type ThreadMachineConfig, TRACE_EVENTS } from "./config.ts";
import { checkOutsideCpu, imageUrl, sent } from "./image-check.ts";
import type { CpuStart } from "./messages.ts";

/** Throws ERR_CONFIG, and ERR_IMAGE in a Worker of a CPU. */
export function cpuStarts(
  config: ThreadMachineConfig,
  kernel: Kernel,
  { vcpus, words }: VcpuWords,
  hosts: SharedArrayBuffer,
): (cpu: number) => CpuStart {
  const {
    image,
    entry = "setUp",
    args,
    umcg = "hardened",
    trace = false,
    traceEvents = TRACE_EVENTS,
  } = config;
  const { checkLocks = false, disturb = 0, spin = vcpus <= availableParallelism() } = config;
  checkOutsideCpu("createThreadMachine");
  checkNames(config, THREAD_MACHINE_OPTIONS);
  sent("args", args, structuredClone);
  const hostAt = words.byteOffset;
  const common = {
    ...{ hostAt, umcg, entry, args, spin, checkLocks, disturb, trace, traceEvents, hosts },
    buffer: kernel.buffer as SharedArrayBuffer,
    before: new SharedArrayBuffer(hostAt),
    after: new SharedArrayBuffer(hostAt),
    config: kernel.config,
    image: imageUrl("image", image).href,
  };
  return (cpu) => ({ ...common, cpu });
}
