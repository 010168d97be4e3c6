/**
 * Two threads and a CPU, in every class of interleavings: one at a time, no hand-over lost, a clean end (I1 to I11, R3, R4, R6,
 * R8, R10).
 */
import { describe, expect, test } from "vitest";
import { waitShutdown } from "../../../src/kernel-sim/lkl/cpu/index.ts";
import { FOREVER } from "../../../src/kernel-sim/times.ts";
import { exploreKernel, type Kernel } from "./bare-cpus.ts";

/** Nobody is in, nobody waits, nothing is pending. */
function atRest(kernel: Kernel, state = 0, gate = 0): void {
  kernel.bare.atEnd(() => {
    kernel.bare.check(kernel.state() === state, `the state is 0x${kernel.state().toString(16)}`);
    kernel.bare.check(kernel.gate === gate, `the gate is 0x${kernel.gate.toString(16)}`);
  });
}

const CLOSED = 1 << 14;
const GATE_CLOSED = 1 << 30;

describe("get and put", () => {
  test("one at a time, and whoever waits is handed the CPU", () => {
    const { classes, outcomes } = exploreKernel((kernel) => {
      kernel.thread((cpus, self) => kernel.visit(cpus, self));
      kernel.thread((cpus, self) => kernel.visit(cpus, self));
      atRest(kernel);
    });
    expect(outcomes).toEqual(["1: visited, 2: visited"]);
    expect(classes).toBeGreaterThan(1000);
  });

  test("a wait that returns for no reason is no grant; one that times out is one or none", () => {
    const { outcomes } = exploreKernel(
      (kernel) => {
        kernel.holder((cpus, self, token) => kernel.stay(cpus, self, token));
        kernel.thread((cpus, self) => kernel.visit(cpus, self, 1000));
        atRest(kernel);
      },
      { faults: 1 },
    );
    expect(outcomes).toEqual(["1: visited, 2: timed-out", "1: visited, 2: visited"]);
  });

  test("who has given up comes back to its place, or finds it taken away", () => {
    const { outcomes } = exploreKernel((kernel) => {
      kernel.holder(function* (cpus, self, token) {
        yield* kernel.bare.until(kernel.mark, (value) => value === 1);
        yield* kernel.stay(cpus, self, token);
      });
      kernel.thread(function* (cpus, self) {
        const token = yield* cpus.get(0, 1000);
        kernel.tell(self, typeof token === "string" ? token : "got");
        yield* kernel.bare.store32(kernel.mark, 1);
        yield* kernel.visit(cpus, self);
      });
      atRest(kernel);
    });
    expect(outcomes).toEqual(["1: visited, 2: timed-out visited"]);
  });
});

describe("interrupts", () => {
  test("a trigger is delivered, by the owner or by who triggers (R4)", () => {
    const { outcomes } = exploreKernel((kernel) => {
      kernel.holder((cpus, self, token) => kernel.stay(cpus, self, token));
      kernel.thread(function* (cpus, self) {
        kernel.tell(self, yield* cpus.trigger(0, 33));
      });
      kernel.bare.atEnd(() => kernel.bare.check(kernel.delivered.join() === "33", "not delivered once"));
      atRest(kernel);
    });
    expect(outcomes).toEqual(["1: visited, 2: delivered", "1: visited, 2: pended"]);
  });

  test("what is published while others are delivered is delivered as well (R6)", () => {
    const { outcomes } = exploreKernel((kernel) => {
      for (const line of [1, 40]) {
        kernel.thread(function* (cpus, self) {
          kernel.tell(self, yield* cpus.trigger(0, line));
        });
      }
      kernel.bare.atEnd(() => {
        kernel.bare.check(kernel.delivered.toSorted().join() === "1,40", `delivered ${kernel.delivered}`);
      });
      atRest(kernel);
    });
    expect(outcomes).toContain("1: delivered, 2: pended");
    expect(outcomes).toContain("1: delivered, 2: delivered");
  });
});

describe("shutdown", () => {
  test("who is late, or waits, is told; who owns the CPU goes on to its put (R10)", () => {
    const { outcomes } = exploreKernel((kernel) => {
      kernel.thread((cpus, self) => kernel.visit(cpus, self));
      kernel.thread(function* (cpus, self) {
        yield* cpus.shutdown();
        if ((yield* waitShutdown(cpus.words, cpus.layout, 0, FOREVER)) !== 0) throw new Error("not empty");
        kernel.bare.check((kernel.inside[0] ?? 0) === 0, "somebody is in the kernel after its end");
        kernel.tell(self, "over");
      });
      atRest(kernel, CLOSED, GATE_CLOSED);
    });
    expect(outcomes).toEqual(["1: closed, 2: over", "1: closed-at-gate, 2: over", "1: visited, 2: over"]);
  });

  test("by the owner: whoever waits is sent home, and the owner still puts", () => {
    const { outcomes } = exploreKernel((kernel) => {
      kernel.holder(function* (cpus, self, token) {
        kernel.enter(0, self);
        yield* cpus.shutdown();
        if ((yield* waitShutdown(cpus.words, cpus.layout, 1, FOREVER)) !== 0) throw new Error("not empty");
        kernel.leave(0, self);
        yield* cpus.put(token);
      });
      kernel.thread((cpus, self) => kernel.visit(cpus, self, 1000));
      kernel.bare.atEnd(() => kernel.bare.check((kernel.state() & 0xffff) === CLOSED, "it is not free"));
    });
    expect(outcomes).toEqual(["2: closed", "2: closed-at-gate", "2: timed-out"]);
  });

  test("one who comes back to its place in the line while the CPU is closed is sent home, too", () => {
    const { outcomes } = exploreKernel((kernel) => {
      kernel.holder(function* (cpus, _, token) {
        yield* kernel.bare.until(kernel.mark, (value) => value === 1);
        yield* cpus.shutdown();
        yield* cpus.put(token);
      });
      kernel.thread(function* (cpus, self) {
        const token = yield* cpus.get(0, 1000);
        kernel.tell(self, typeof token === "string" ? token : "got");
        yield* kernel.bare.store32(kernel.mark, 1);
        yield* kernel.visit(cpus, self);
      });
    });
    expect(outcomes).toEqual(["2: timed-out closed", "2: timed-out closed-at-gate"]);
  });

  test("a trigger in flight is delivered or dropped, and its caller is told which (R8, R10)", () => {
    const { outcomes } = exploreKernel((kernel) => {
      kernel.thread(function* (cpus, self) {
        const triggered = yield* cpus.trigger(0, 5);
        kernel.tell(self, `${triggered} ${kernel.delivered.length}`);
      });
      kernel.thread(function* (cpus) {
        yield* cpus.shutdown();
        yield* waitShutdown(cpus.words, cpus.layout, 0, FOREVER);
      });
      atRest(kernel, CLOSED, GATE_CLOSED);
    });
    expect(outcomes).toEqual(["1: delivered 1", "1: dropped 0"]);
  });
});
