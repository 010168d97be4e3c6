/** The scheduling class of a machine, laid out by what its configuration says. */
import type { Arena } from "./arena.ts";
import type { KernelConfig } from "./config.ts";
import { Eevdf } from "./eevdf.ts";
import { eevdfRules } from "./eevdf-rules.ts";
import type { FairClass } from "./fair-class.ts";
import { FairQueue } from "./fair-queue.ts";
import { GlobalQueue } from "./global-queue.ts";

export function createClass(arena: Arena, config: KernelConfig): FairClass {
  const { fair, maxTasks, vcpus, sliceNs, tickHz } = config;
  switch (fair) {
    case "virtual-time":
      return new FairQueue(arena, maxTasks, vcpus, sliceNs);
    case "eevdf-6.12":
    case "eevdf-7.2": {
      const tickNs = tickHz === 0 ? 0 : Math.floor(1e9 / tickHz);
      return new Eevdf(arena, maxTasks, vcpus, eevdfRules(fair, sliceNs, tickNs));
    }
    default:
      return new GlobalQueue(arena, maxTasks, vcpus, fair, sliceNs);
  }
}
