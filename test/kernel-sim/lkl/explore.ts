/** Runs a small program of host threads under every schedule: each access to a shared word is a choice. */
import { type Addr, addr } from "../../../src/atomics/address.ts";
import { KERNEL_STEP_BUDGET, LocalMemory } from "../../../src/atomics/local-memory.ts";
import type { Coroutine } from "../../../src/atomics/step.ts";
import { SteppedMemory } from "../../../src/atomics/stepped-memory.ts";
import { CoroutineHost, type CoroutineHostOptions } from "../../../src/hosts/coroutine/index.ts";
import type { HostOperations } from "../../../src/kernel-sim/lkl/host/host-operations.ts";
import { type HostSizes, layOutHost } from "../../../src/kernel-sim/lkl/host/layout.ts";
import { allSchedules, type ScheduleOptions } from "../../support/schedules.ts";

export const PROGRAM_BYTES = 2048;

/** Word `index` of the program's own, which begins as 0. */
export function word(index: number): Addr {
  return addr(64 + 4 * index);
}

type HostChoices = Pick<CoroutineHostOptions, "earlyTimeouts" | "nudges" | "mortal" | "reap" | "maxSteps">;

export interface ExploreOptions extends ScheduleOptions, HostChoices {
  readonly sizes?: Partial<HostSizes>;
}

/** What a run looks at when it is over. */
export interface Run {
  /** The words of memory, to read and, before the threads begin, to write. */
  readonly words: Uint32Array;
  readonly host: CoroutineHost;
}

/** One thread of a program: its words to wait with are the host's. */
export type Body = (host: HostOperations) => Coroutine<void>;

/**
 * Runs `bodies`, one thread each (slots 1, 2, ...), under every schedule. `setUp` runs before, `check` after; both throw
 * what is wrong. Returns how many schedules there were.
 */
export function explore(
  makeBodies: () => readonly Body[],
  check: (run: Run) => void,
  { sizes, departures, maxExecutions, ...choices }: ExploreOptions = {},
): number {
  const layout = layOutHost(64 + PROGRAM_BYTES, { threads: 8, keys: 2, timers: 2, heapBytes: 256, ...sizes });
  const buffer = new ArrayBuffer(layout.end);
  const words = new Uint32Array(buffer);
  const limits = {
    ...(departures === undefined ? {} : { departures }),
    ...(maxExecutions === undefined ? {} : { maxExecutions }),
  };
  return allSchedules((choose) => {
    words.fill(0);
    const local = new LocalMemory(buffer);
    local.budget = KERNEL_STEP_BUDGET;
    const memory = new SteppedMemory(local);
    const host = new CoroutineHost({
      maxSteps: 5000,
      ...choices,
      memory,
      layout,
      image: { entries: [] },
      choose,
    });
    makeBodies().forEach((body, index) => {
      host.add(index + 1, body);
    });
    host.drive();
    check({ words, host });
  }, limits);
}
