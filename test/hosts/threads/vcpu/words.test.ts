/** The words of the threads host, by one thread that plays all parts. */
import { describe, expect, test, vi } from "vitest";
import { inOrder, OrderedRing } from "../../../../src/hosts/threads/vcpu/ordered-ring.ts";
import {
  ATT_DEVICE,
  ATT_IPI,
  ATT_PHASE,
  PHASE_DEADLOCKED,
  PHASE_ENDED,
  PHASE_FAILED,
  PHASE_RUNNING,
  VcpuWords,
} from "../../../../src/hosts/threads/vcpu/words.ts";

function words(vcpus = 2): VcpuWords {
  const at = 64;
  const shared = new VcpuWords(new SharedArrayBuffer(at + VcpuWords.bytes(vcpus)), at, vcpus);
  shared.begin();
  return shared;
}

describe("the words of the host", () => {
  test("keep what has come for each CPU until it is taken, all at once", () => {
    const shared = words();
    expect(shared.ring(1, ATT_IPI)).toBe(0);
    expect(shared.ring(1, ATT_DEVICE)).toBe(ATT_IPI);
    expect([shared.attention(0), shared.attention(1)]).toEqual([0, ATT_IPI | ATT_DEVICE]);
    expect([shared.takeAttention(1), shared.attention(1)]).toEqual([ATT_IPI | ATT_DEVICE, 0]);
  });

  test("know of one end: the first, and every CPU is told", () => {
    const shared = words();
    expect(shared.endAs(PHASE_ENDED)).toBe(false);
    shared.frozenNs = 5;
    shared.go(105);
    expect([shared.phase, shared.zeroNs, shared.frozenNs]).toEqual([PHASE_RUNNING, 100, -1]);
    shared.takeAttention(0);
    expect([shared.endAs(PHASE_DEADLOCKED), shared.endAs(PHASE_ENDED)]).toEqual([true, false]);
    expect([shared.phase, shared.attention(0)]).toEqual([PHASE_DEADLOCKED, ATT_PHASE]);
  });

  test("let a CPU that fails as the machine ends have the last word", () => {
    const shared = words();
    shared.go(0);
    const change = vi.spyOn(Atomics, "compareExchange").mockImplementationOnce((...args) => {
      change.mockRestore();
      const before = Atomics.compareExchange(...(args as Parameters<typeof Atomics.compareExchange>));
      shared.setPhase(PHASE_FAILED);
      return before;
    });
    expect([shared.endAs(PHASE_ENDED), shared.phase]).toEqual([true, PHASE_FAILED]);
  });

  test("hold 256 completions, first in, first out", () => {
    const shared = words();
    for (let fd = 0; fd < 256; fd++) expect(shared.pushCompletion(fd)).toBe(true);
    expect(shared.pushCompletion(256)).toBe(false);
    expect([shared.popCompletion(), shared.pushCompletion(7)]).toEqual([0, true]);
    const rest = Array.from({ length: 256 }, () => shared.popCompletion());
    expect([rest[0], rest[254], rest[255], shared.popCompletion()]).toEqual([1, 255, 7, -1]);
  });

  test("have no time armed at first, each CPU its own later", () => {
    const shared = words();
    shared.setTickAt(1, 40);
    shared.setSliceAt(0, 50);
    const never = Number.POSITIVE_INFINITY;
    expect([0, 1].map((cpu) => [shared.tickAt(cpu), shared.sliceAt(cpu)])).toEqual([
      [never, 50],
      [40, never],
    ]);
  });
});

describe("the rings of several CPUs", () => {
  test("are one order, by section and within a section as they were", () => {
    const sections = [1, 1, 4, 2, 3];
    let at = 0;
    const [first, second] = [0, 1].map(() => new OrderedRing(2, () => sections[at++]!));
    for (const time of [10, 11, 9]) first!.emit(time, 4, 0, 1, 0, 0);
    for (const time of [12, 8]) second!.emit(time, 4, 1, 2, 0, 0);
    const order = inOrder([first!.ordered(), second!.ordered()]);
    // The first of the first ring is lost: it holds two.
    expect(order.map(({ section, cpu, timeNs }) => [section, cpu, timeNs])).toEqual([
      [1, 0, 11],
      [2, 1, 12],
      [3, 1, 8],
      [4, 0, 9],
    ]);
  });
});
