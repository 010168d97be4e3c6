/** The module that every Worker runs: it loads the image, and is one host thread after the other. */
import { parentPort, workerData } from "node:worker_threads";
import { completeImage, Operations } from "../../kernel-sim/lkl/host/create-operations.ts";
import type { HostImage } from "../../kernel-sim/lkl/host/host-operations.ts";
import { layOutHost } from "../../kernel-sim/lkl/host/layout.ts";
import { threadMain } from "../../kernel-sim/lkl/host/thread-main.ts";
import { awaitOccupant, occupant } from "./berth.ts";
import type { ThreadStart } from "./messages.ts";
import { runToEnd } from "./run-to-end.ts";
import { WorkerWords } from "./worker-words.ts";

const start = workerData as ThreadStart;
const { image } = (await import(start.image)) as { readonly image: HostImage };
const layout = layOutHost(start.base, start.sizes);
const entries = completeImage(image);
do {
  const { slot, state } = occupant(start.berth)!;
  const words = new WorkerWords(start.buffer, slot, (message) => parentPort!.postMessage(message));
  runToEnd(threadMain(new Operations(words, layout, entries), state));
} while (awaitOccupant(start.berth));
