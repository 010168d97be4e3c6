import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { build, type Event, type Row } from "../../test/trace/chrome-file.ts";

const TASKS = 2;

/** Any numbers, sensible or not: few CPUs and tasks, times that go back and forth and fall between two ns. */
const event: fc.Arbitrary<Event> = fc.tuple(
  fc.oneof(
    fc.nat(60),
    fc.nat(600).map((tenths) => tenths / 10),
  ),
  fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(1, 3, 4) },
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 20 }) },
  ),
  fc.nat(2),
  fc.nat(4),
  fc.nat(4),
  fc.nat(3),
);
const events = fc.array(event, { maxLength: 80, size: "max" });

const ns = (us: number | undefined): number => Math.round((us ?? Number.NaN) * 1_000);
const rowKey = ({ pid, tid }: Row): string => `${pid}/${tid}`;

function withoutMetadata(rows: readonly Row[]): Row[] {
  return rows.filter(({ ph }) => ph !== "M");
}

/** What Perfetto hangs the end of an arrow on: the last slice or instant of the row so far. */
function anchorsOf(rows: readonly Row[]): Map<Row, Row | undefined> {
  const topmost = new Map<string, Row>();
  const anchors = new Map<Row, Row | undefined>();
  for (const row of rows) {
    if (row.ph === "X" || row.ph === "i") topmost.set(rowKey(row), row);
    else anchors.set(row, topmost.get(rowKey(row)));
  }
  return anchors;
}

describe("a timeline of any events", () => {
  test.prop([events, fc.nat(80)])("is sorted by time, and its rows have names", (given, endNs) => {
    const { traceEvents } = build(given, endNs);
    const times = withoutMetadata(traceEvents).map(({ ts }) => ts);
    expect(times).toEqual(times.toSorted((a, b) => (a ?? 0) - (b ?? 0)));
    const named = new Set(traceEvents.filter(({ name }) => name === "thread_name").map(rowKey));
    for (const row of withoutMetadata(traceEvents)) expect(named).toContain(rowKey(row));
  });

  test.prop([events, fc.nat(80)])("has no two slices of a row that overlap", (given, endNs) => {
    const reached = new Map<string, number>();
    for (const row of build(given, endNs).traceEvents) {
      if (row.ph !== "X") continue;
      expect(ns(row.ts)).toBeGreaterThanOrEqual(reached.get(rowKey(row)) ?? 0);
      expect(ns(row.dur)).toBeGreaterThanOrEqual(0);
      reached.set(rowKey(row), ns(row.ts) + ns(row.dur));
    }
  });

  test.prop([events, fc.nat(80)])("has two ends to every arrow, and slices at both", (given, endNs) => {
    const rows = withoutMetadata(build(given, endNs).traceEvents);
    const slices = rows.filter(({ ph }) => ph === "X");
    const starts = rows.filter(({ ph }) => ph === "s");
    const ends = rows.filter(({ ph }) => ph === "f");
    expect(starts.map(({ id }) => id).toSorted()).toEqual(ends.map(({ id }) => id).toSorted());
    expect(new Set(starts.map(({ id }) => id)).size).toBe(starts.length);
    const encloses = (slice: Row, row: Row): boolean =>
      rowKey(slice) === rowKey(row) &&
      ns(slice.ts) <= ns(row.ts) &&
      ns(row.ts) <= ns(slice.ts) + ns(slice.dur);
    for (const start of starts) {
      expect(slices.some((slice) => encloses(slice, start))).toBe(true);
      const end = ends.find(({ id }) => id === start.id)!;
      expect(rows.indexOf(end)).toBeGreaterThan(rows.indexOf(start));
    }
    for (const [row, anchor] of anchorsOf(rows)) {
      expect(anchor?.ts).toBe(row.ts);
      if (row.ph === "s") expect([anchor?.ph, anchor?.name]).toEqual(["i", expect.stringMatching(/^wake /)]);
      else expect([anchor?.ph, anchor?.pid, anchor?.name]).toEqual(["X", TASKS, "running"]);
    }
  });

  test.prop([events, fc.nat(80), fc.nat(60)])(
    "keeps to its bound, and says when it hit it",
    (given, endNs, maxEvents) => {
      const whole = build(given, endNs);
      const bounded = build(given, endNs, { maxEvents });
      expect(whole.otherData.truncated).toBe(false);
      expect(withoutMetadata(bounded.traceEvents).length).toBeLessThanOrEqual(maxEvents);
      if (!bounded.otherData.truncated) expect(bounded.traceEvents).toEqual(whole.traceEvents);
      if (withoutMetadata(whole.traceEvents).length > maxEvents)
        expect(bounded.otherData.truncated).toBe(true);
    },
  );
});
