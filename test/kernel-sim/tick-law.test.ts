/** Without hrtick only ticks end slices: one of 2.8 ms ends at the tick at 4 ms. With it, it ends when it ends. */
import { expect, test } from "vitest";
import type { MachineConfig } from "../../src/machine.ts";
import { TRACE_SCHED_SWITCH } from "../../src/trace/events.ts";
import { boot } from "../support/boot.ts";

/** When two hogs of one CPU take turns. */
function turns(config: MachineConfig): number[] {
  const { machine, log } = boot({ vcpus: 1, tickHz: 250, sliceNs: 2_800_000, ...config });
  for (let hog = 0; hog < 2; hog++) {
    machine.spawn(function* (env) {
      for (;;) yield* env.work(1e9);
    });
  }
  machine.run({ untilNs: 60_000_000 });
  const at = log.all({ kind: TRACE_SCHED_SWITCH }).map(({ timeNs }) => timeNs);
  // A new task's first slice is half of one: the first turns do not count.
  return at.slice(4).map((timeNs, index) => timeNs - at[index + 3]!);
}

test.each(["virtual-time", "eevdf-6.12", "eevdf-7.2"] as const)("%s", (fair) => {
  const ticked = turns({ fair });
  expect(ticked.length).toBeGreaterThan(8);
  // A turn is a whole number of ticks: never the 2.8 ms that it was given.
  for (const ns of ticked) expect([ns % 4_000_000, ns >= 4_000_000]).toEqual([0, true]);
});

test.each(["eevdf-6.12", "eevdf-7.2"] as const)("%s with hrtick", (fair) => {
  const timed = turns({ fair, hrtick: true });
  expect(timed.length).toBeGreaterThan(12);
  for (const ns of timed) {
    expect(ns).toBeGreaterThanOrEqual(2_800_000);
    expect(ns).toBeLessThan(2_800_000 + 10_000);
  }
});
