import { describe, expect, test } from "vitest";
import { TraceRing } from "../../src/trace/ring.ts";
import type { TraceSink } from "../../src/trace/sink.ts";

/** Remembers the first argument of each event. */
class Recorder implements TraceSink {
  readonly seen: number[] = [];

  event(_timeNs: number, _kind: number, _cpu: number, _tid: number, arg0: number, _arg1: number): void {
    this.seen.push(arg0);
  }
}

function emit(ring: TraceRing, ...marks: number[]): void {
  for (const mark of marks) ring.emit(mark * 10, 1, 2, 3, mark, 4);
}

function marksOf(ring: TraceRing): number[] {
  return ring.last(1_000).map(({ arg0 }) => arg0);
}

const code = (name: string): unknown => expect.objectContaining({ name: "TraceError", code: name });

describe("TraceRing as a flight recorder", () => {
  test("gives back what was emitted", () => {
    const ring = new TraceRing(4);
    ring.emit(1.5, 15, 3, 7, -1, 0x8000_0000);
    expect(ring.last(1)).toEqual([{ timeNs: 1.5, kind: 15, cpu: 3, tid: 7, arg0: -1, arg1: -0x8000_0000 }]);
  });

  test("keeps the newest and counts the others", () => {
    const ring = new TraceRing(4);
    emit(ring, 1, 2, 3, 4);
    expect([marksOf(ring), ring.dropped]).toEqual([[1, 2, 3, 4], 0]);
    emit(ring, 5);
    expect([marksOf(ring), ring.dropped]).toEqual([[2, 3, 4, 5], 1]);
    emit(ring, 6, 7, 8, 9, 10, 11);
    expect([marksOf(ring), ring.dropped]).toEqual([[8, 9, 10, 11], 7]);
    expect(ring.last(2).map(({ arg0 }) => arg0)).toEqual([10, 11]);
    expect(ring.last(0)).toEqual([]);
  });

  test("a flush without sinks changes nothing", () => {
    const ring = new TraceRing(2);
    emit(ring, 1, 2, 3);
    ring.flush();
    expect([marksOf(ring), ring.dropped]).toEqual([[2, 3], 1]);
  });

  test("clear forgets events and losses", () => {
    const ring = new TraceRing(2);
    emit(ring, 1, 2, 3);
    ring.clear();
    expect([marksOf(ring), ring.dropped]).toEqual([[], 0]);
    emit(ring, 4);
    expect([marksOf(ring), ring.dropped]).toEqual([[4], 0]);
  });

  test("is on until it is switched off, and holds 65536 events by default", () => {
    const ring = new TraceRing();
    expect([ring.on, ring.capacity]).toEqual([true, 65_536]);
  });

  test.each([0, 3, -4, 1.5, Number.NaN, 2 ** 25, 2 ** 32])("refuses the capacity %d", (capacity) => {
    expect(() => new TraceRing(capacity)).toThrow(code("ERR_TRACE_CAPACITY"));
  });

  test.each([-1, 0.5, Number.NaN])("refuses to show the last %d", (n) => {
    expect(() => new TraceRing(2).last(n)).toThrow(code("ERR_TRACE_VALUE"));
  });
});

describe("TraceRing with sinks", () => {
  test("hands over when full and on flush, and keeps showing the newest", () => {
    const ring = new TraceRing(4);
    const sink = new Recorder();
    ring.addSink(sink);
    emit(ring, 1, 2, 3);
    expect(sink.seen).toEqual([]);
    emit(ring, 4);
    expect(sink.seen).toEqual([1, 2, 3, 4]);
    emit(ring, 5);
    ring.flush();
    ring.flush();
    expect(sink.seen).toEqual([1, 2, 3, 4, 5]);
    expect([marksOf(ring), ring.dropped]).toEqual([[2, 3, 4, 5], 0]);
  });

  test("a ring of one event hands over each at once", () => {
    const ring = new TraceRing(1);
    const sink = new Recorder();
    ring.addSink(sink);
    emit(ring, 1, 2, 3);
    expect(sink.seen).toEqual([1, 2, 3]);
  });

  test("a sink gets what is emitted while it is on, and nothing else", () => {
    const ring = new TraceRing(8);
    const [early, late] = [new Recorder(), new Recorder()];
    emit(ring, 1);
    const remove = ring.addSink(early);
    emit(ring, 2);
    ring.addSink(late);
    emit(ring, 3);
    remove();
    remove();
    emit(ring, 4);
    ring.flush();
    expect(early.seen).toEqual([2, 3]);
    expect(late.seen).toEqual([3, 4]);
    expect(marksOf(ring)).toEqual([1, 2, 3, 4]);
  });

  test("the last sink to go leaves a flight recorder that has lost nothing yet", () => {
    const ring = new TraceRing(2);
    emit(ring, 1, 2, 3);
    ring.addSink(new Recorder())();
    expect(ring.dropped).toBe(1);
    emit(ring, 4, 5);
    expect([marksOf(ring), ring.dropped]).toEqual([[4, 5], 1]);
    emit(ring, 6);
    expect([marksOf(ring), ring.dropped]).toEqual([[5, 6], 2]);
  });

  test("clear hands over first", () => {
    const ring = new TraceRing(4);
    const sink = new Recorder();
    ring.addSink(sink);
    emit(ring, 1);
    ring.clear();
    expect([sink.seen, marksOf(ring)]).toEqual([[1], []]);
  });

  test("refuses a sink that is on already, and takes it again after it was removed", () => {
    const ring = new TraceRing(4);
    const sink = new Recorder();
    const remove = ring.addSink(sink);
    expect(() => ring.addSink(sink)).toThrow(code("ERR_TRACE_SINK"));
    remove();
    ring.addSink(sink);
    remove();
    emit(ring, 1);
    ring.flush();
    expect(sink.seen).toEqual([1]);
  });
});

describe("a sink that misbehaves", () => {
  test("its error is thrown once the others have had the batch", () => {
    const ring = new TraceRing(4);
    const [before, after] = [new Recorder(), new Recorder()];
    const failing: TraceSink = {
      event(_timeNs, _kind, _cpu, _tid, arg0) {
        if (arg0 === 2) throw new Error("objection");
      },
    };
    ring.addSink(before);
    ring.addSink(failing);
    ring.addSink(after);
    emit(ring, 1, 2, 3);
    expect(() => ring.flush()).toThrow("objection");
    emit(ring, 4);
    ring.flush();
    expect(before.seen).toEqual([1, 2, 3, 4]);
    expect(after.seen).toEqual([1, 2, 3, 4]);
  });

  test("it is removed even if it objects to the last batch", () => {
    const ring = new TraceRing(4);
    const remove = ring.addSink({
      event() {
        throw new Error("objection");
      },
    });
    emit(ring, 1);
    expect(() => remove()).toThrow("objection");
    emit(ring, 2);
    expect(() => ring.flush()).not.toThrow();
  });

  test.each<[string, number, (ring: TraceRing) => void]>([
    ["emit", 4, (ring) => emit(ring, 9)],
    ["emit into a ring of one", 1, (ring) => emit(ring, 9)],
    ["flush", 4, (ring) => ring.flush()],
    ["clear", 4, (ring) => ring.clear()],
    ["add a sink", 4, (ring) => ring.addSink(new Recorder())],
  ])("it may not %s", (_what, capacity, act) => {
    const ring = new TraceRing(capacity);
    ring.addSink({ event: () => act(ring) });
    expect(() => {
      emit(ring, 1);
      ring.flush();
    }).toThrow(code("ERR_TRACE_REENTRANT"));
  });

  test("it may not remove itself", () => {
    const ring = new TraceRing(4);
    const remove = ring.addSink({ event: () => remove() });
    emit(ring, 1);
    expect(() => ring.flush()).toThrow(code("ERR_TRACE_REENTRANT"));
  });
});
