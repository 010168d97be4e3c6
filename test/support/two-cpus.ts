/** A machine of the threads host whose CPU 0 is the thread of the test, which may act as CPU 1 by tables without locks. */
import { checkLocks } from "../../src/hosts/threads/vcpu/guarded-tables.ts";
import { VcpuHost } from "../../src/hosts/threads/vcpu/host.ts";
import { LockWords } from "../../src/hosts/threads/vcpu/lock-words.ts";
import { lockedTables } from "../../src/hosts/threads/vcpu/locked-tables.ts";
import { cpuId, tid } from "../../src/kernel-sim/ids.ts";
import { Kernel } from "../../src/kernel-sim/kernel.ts";
import type { ThreadMachineConfig } from "../../src/machine/threads/index.ts";
import { makeMainKernel } from "../../src/machine/threads/main-kernel.ts";
import { TraceRing } from "../../src/trace/ring.ts";

const FREE = 0;

export interface TwoCpus {
  readonly host: VcpuHost;
  readonly kernel: Kernel;
  /** The same machine, by tables that take no locks. */
  readonly plain: Kernel;
  readonly locks: LockWords;
  /** Is the lock at a word of `locks` held? */
  readonly held: (word: number) => boolean;
}

/** Task 1 is current on CPU 0, task 2 belongs to CPU 1. */
export function makeTwoCpus(config: Partial<ThreadMachineConfig> = {}): TwoCpus {
  const size = { vcpus: 2, maxTasks: 8, userBytes: 1 << 16 };
  const main = makeMainKernel({ ...size, ...config, image: new URL("file:///none") });
  const host = new VcpuHost(main.shared, cpuId(0), 0);
  const kernel = new Kernel({
    config: main.kernel.config,
    trace: new TraceRing(1),
    nosleep: "refuse",
    attach: main.kernel.buffer,
    tables: lockedTables(host.lock, main.kernel.config),
    fault: () => () => {
      throw new Error("no faults here");
    },
  });
  host.attach(kernel, true);
  checkLocks(kernel, host.lock);
  kernel.current = tid(1);
  main.kernel.tasks.setCpu(2, 1);
  const locks = new LockWords(main.shared);
  const held = (word: number): boolean => locks.words[word] !== FREE;
  return { host, kernel, plain: main.kernel, locks, held };
}
