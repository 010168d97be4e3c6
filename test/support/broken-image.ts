/** An image that only the isolate that boots can load. */
import { isMainThread } from "node:worker_threads";
import type { HostImage } from "../../src/kernel-sim/lkl/host/host-operations.ts";
import { waits } from "./host-programs.ts";

if (!isMainThread) throw new Error("this image does not load on threads");

export const image: HostImage = { entries: [waits] };
