/** The kernel of main, over the memory that it makes for all: to look at the machine and to interrupt it, never to run tasks. */
import { fileLocks } from "../../hosts/threads/vcpu/file-locks.ts";
import { LockWords } from "../../hosts/threads/vcpu/lock-words.ts";
import { VcpuWords } from "../../hosts/threads/vcpu/words.ts";
import { checkKernelConfig } from "../../kernel-sim/config.ts";
import { Kernel } from "../../kernel-sim/kernel.ts";
import { TraceRing } from "../../trace/ring.ts";
import { checkProfile } from "../../umcg/profiles.ts";
import { type ThreadMachineConfig, threadKernelConfig } from "./config.ts";

/** With the words of the host behind the machine's memory. Throws ERR_CONFIG. */
export function makeMainKernel(from: ThreadMachineConfig): {
  readonly kernel: Kernel;
  readonly shared: VcpuWords;
} {
  const config = threadKernelConfig(from);
  checkKernelConfig(config);
  checkProfile(from.umcg ?? "hardened", "zero");
  let hostAt = 0;
  const kernel = new Kernel({
    config,
    trace: new TraceRing(1),
    nosleep: "refuse",
    makeBuffer: (bytes) => {
      hostAt = bytes;
      return new SharedArrayBuffer(bytes + LockWords.bytesBehind(config.vcpus, fileLocks(config)));
    },
    fault: () => () => {
      throw new Error("kernel bug: a page fault outside the machine");
    },
  });
  kernel.trace.on = false;
  const shared = new VcpuWords(kernel.buffer as SharedArrayBuffer, hostAt, config.vcpus);
  shared.begin();
  return { kernel, shared };
}
