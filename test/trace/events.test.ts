import { describe, expect, test } from "vitest";
import { TRACE_EVENTS, traceEventInfo } from "../../src/trace/event-table.ts";
import * as events from "../../src/trace/events.ts";

/** The constants of the kinds: those of events.ts that are not values of a field. */
const KINDS = Object.entries(events).filter(([name]) => !/^TRACE_WAKEUP_/.test(name));

describe("the vocabulary", () => {
  test("numbers kinds from 1 without a gap, and never otherwise", () => {
    expect(Object.fromEntries(KINDS)).toEqual({
      TRACE_SCHED_WAKING: 1,
      TRACE_WAKE_MISS: 2,
      TRACE_SCHED_WAKEUP: 3,
      TRACE_SCHED_SWITCH: 4,
      TRACE_SYS_ENTER: 5,
      TRACE_SYS_EXIT: 6,
      TRACE_IPI_SEND: 7,
      TRACE_IPI_RECEIVE: 8,
      TRACE_IDLE_ENTER: 9,
      TRACE_IDLE_EXIT: 10,
      TRACE_TIMER_EXPIRE: 11,
      TRACE_TASK_NEW: 12,
      TRACE_TASK_EXIT: 13,
      TRACE_SIGNAL: 14,
      TRACE_UMCG_STATE: 15,
      TRACE_UMCG_DIE: 16,
      TRACE_PAGE_FAULT: 17,
      TRACE_MIGRATE: 18,
      TRACE_TICK: 19,
      TRACE_CPU_STATE: 20,
      TRACE_CALL: 21,
    });
  });

  test("has one row a kind, in order, named as its constant", () => {
    expect(TRACE_EVENTS.map(({ kind, name }) => [`TRACE_${name.toUpperCase()}`, kind])).toEqual(KINDS);
    for (const info of TRACE_EVENTS) expect(traceEventInfo(info.kind)).toBe(info);
  });

  test("says what every field means", () => {
    for (const { meaning, cpu, tid, arg0, arg1 } of TRACE_EVENTS) {
      for (const text of [meaning, cpu, tid.meaning, arg0.meaning, arg1.meaning]) expect(text).not.toBe("");
    }
  });

  test.each([0, 22, -1, 1.5, Number.NaN])("has no row for kind %d", (kind) => {
    expect(traceEventInfo(kind)).toBeUndefined();
  });

  test("the ways to get onto a run queue are the words of the table", () => {
    const how = traceEventInfo(events.TRACE_SCHED_WAKEUP)?.arg0.words;
    expect(how?.[events.TRACE_WAKEUP_DIRECT]).toBe("direct");
    expect(how?.[events.TRACE_WAKEUP_LIST]).toBe("list");
    expect(how?.[events.TRACE_WAKEUP_QUEUED]).toBe("queued");
  });
});
