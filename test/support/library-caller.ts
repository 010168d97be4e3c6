/** A thread that calls a kernel in a library, as it is told; it says what came of it, and ends. */
import { parentPort, workerData } from "node:worker_threads";
import { connect, type LibraryHandle } from "../../src/library/index.ts";

export interface CallerOrder {
  readonly handle: LibraryHandle;
  readonly what: "read" | "wait" | "umcg";
  /** A descriptor, or the address of a word. */
  readonly arg: number;
}

const { handle, what, arg } = workerData as CallerOrder;
const { syscall, bytes, words, disconnect } = connect(handle);

/** Calls in the order they are to be made; the result is what is said. */
const orders: Record<CallerOrder["what"], () => unknown> = {
  read: () => {
    const into = syscall.allocate(64);
    const length = syscall.read(arg, into, 64);
    return Buffer.from(bytes(into, length)).toString();
  },
  wait: () => syscall.futexWait(arg, Atomics.load(words, arg >> 2)),
  umcg: () => [syscall.umcgCtl(0x10001, arg), syscall.gettid() > 0],
};

parentPort!.postMessage("connected");
let said: unknown;
try {
  said = orders[what]();
  disconnect();
} catch (error) {
  said = (error as { code?: unknown }).code;
}
parentPort!.postMessage(said);
