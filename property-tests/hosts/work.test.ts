/** Computing among interrupts: neither a ns too much nor too little. */
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import type { Coroutine } from "../../src/atomics/step.ts";
import { SIGUSR1, SIGUSR2 } from "../../src/kernel-sim/constants.ts";
import { TRACE_TICK } from "../../src/trace/events.ts";
import { boot } from "../../test/support/boot.ts";
import { taskOf } from "../../test/support/inspect.ts";
import { anyMachine, niceness } from "../kernel-sim/arbitraries.ts";

describe("work", () => {
  const signals = fc.array(fc.record({ after: fc.nat(5_000), which: fc.constantFrom(SIGUSR1, SIGUSR2) }), {
    maxLength: 60,
  });
  const pieces = fc.array(fc.nat(100_000), { minLength: 1, maxLength: 10 });

  test.prop([anyMachine, signals, pieces, fc.nat(3_000), fc.nat(3_000)])(
    "takes what was asked for and the time of the handlers that interrupt it",
    (config, list, works, short, long) => {
      const { machine } = boot({ ...config, vcpus: Math.max(2, config.vcpus!) });
      let [took, handlers] = [0, 0];
      const target = machine.spawn(
        function* (env) {
          const handler = (ns: number) =>
            function* (): Coroutine<void> {
              handlers += ns;
              yield* env.work(ns);
            };
          yield* env.sys.sigaction(SIGUSR1, handler(short));
          yield* env.sys.sigaction(SIGUSR2, handler(long));
          handlers = 0;
          const began = env.now();
          for (const ns of works) yield* env.work(ns);
          took = env.now() - began - handlers;
        },
        { affinity: [1] },
      );
      machine.spawn(
        function* (env) {
          // By then the other has set its handlers.
          yield* env.work(2_000);
          for (const { after, which } of list) {
            yield* env.work(after);
            yield* env.sys.kill(target, which);
          }
        },
        { affinity: [0] },
      );
      machine.run();
      // A handler that is interrupted itself, or that comes before the start, changes nothing of this.
      expect(took).toBe(works.reduce((a, b) => a + b, 0));
    },
  );

  test.prop([
    fc.array(fc.tuple(niceness, fc.nat(20_000_000)), { minLength: 1, maxLength: 8 }),
    fc.constantFrom(250, 1000),
  ])("of competitors is charged to each exactly, with its own ticks", (list, tickHz) => {
    const { machine, log } = boot({ tickHz });
    const tids = list.map(([nice, ns]) => machine.spawn((env) => env.work(ns) as Coroutine<void>, { nice }));
    machine.run();
    const { tick, block } = machine.costs.steps;
    for (const [index, tid] of tids.entries()) {
      const ticks = log.count({ kind: TRACE_TICK, tid });
      expect(taskOf(machine, tid).execNs).toBe(list[index]![1] + ticks * tick + block);
    }
  });
});
