/**
 * The module of a host thread's Worker: it loads a function, says so, calls it when its task first runs, and waits for the next.
 *
 * Between two functions its event loop turns: what the former has left behind in it runs then, without a CPU.
 */
import { once } from "node:events";
import { parentPort, workerData } from "node:worker_threads";
import { HostTaskWords } from "../../../hosts/threads/vcpu/host-task-words.ts";
import { VcpuWords } from "../../../hosts/threads/vcpu/words.ts";
import { MachineError } from "../../../kernel-sim/errors.ts";
import { Kernel } from "../../../kernel-sim/kernel.ts";
import { TraceRing } from "../../../trace/ring.ts";
import { setCurrent } from "./current.ts";
import { HostTaskError } from "./errors.ts";
import { HostThread } from "./host-thread.ts";
import type { FromHostThread, HostJob, HostStart } from "./jobs.ts";

type Body = (...args: readonly unknown[]) => unknown;

const { slot, job: first, buffer, hostAt, words: hostWords, config } = workerData as HostStart;
const kernel = new Kernel({
  config,
  trace: new TraceRing(1),
  nosleep: "refuse",
  attach: buffer,
  fault: () => () => {
    throw new Error("kernel bug: a host thread is in the kernel");
  },
});
const cpus = new VcpuWords(buffer, hostAt, config.vcpus);
const thread: HostThread = new HostThread(slot, new HostTaskWords(hostWords), cpus, kernel, (value) =>
  tell({ kind: "said", value, cpu: thread.cpu }),
);

// Who cannot load its first function fails, and the machine with it.
const body = first === undefined ? undefined : await load(first);
tell({ kind: "loaded" });
if (body !== undefined) run(body, first!);
// Bounded by the machine's life: main ends this thread.
for (;;) {
  const [job] = (await once(parentPort!, "message")) as [HostJob];
  const loaded = await load(job).catch((error: unknown) => () => {
    throw error;
  });
  thread.done();
  run(loaded, job);
}

async function load({ url, export: name }: HostJob): Promise<Body> {
  const module = (await import(url)) as Readonly<Record<string, unknown>>;
  const found = module[name];
  if (typeof found === "function") return found as Body;
  throw new MachineError("ERR_IMAGE", `${url} exports no function ${name}`);
}

function run(call: Body, { export: name, args }: HostJob): void {
  thread.awaitTurn();
  setCurrent(thread);
  let value: unknown;
  let threw = true;
  try {
    value = call(...args);
    if (typeof value === "object" && value !== null && "then" in value)
      throw new HostTaskError("ERR_HOST_ASYNC", `${name} has returned a promise: it must be synchronous`);
    threw = false;
  } catch (error) {
    value = error;
  }
  setCurrent(undefined);
  thread.end(value, threw);
}

function tell(message: FromHostThread): void {
  parentPort!.postMessage(message);
}
