import { describe, expect, test } from "vitest";
import { ChromeTrace, type ChromeTraceOptions } from "../../src/trace/chrome.ts";
import * as kinds from "../../src/trace/events.ts";
import { build, type Event, type File } from "./chrome-file.ts";

/** The slices of a row as `start+duration name`, in us. */
function slicesOf(file: File, pid: number, tid: number): string[] {
  return file.traceEvents
    .filter((row) => row.ph === "X" && row.pid === pid && row.tid === tid)
    .map(({ ts, dur, name }) => `${ts}+${dur} ${name}`);
}

function arrowsOf(file: File): string[] {
  const ends = file.traceEvents.filter(({ ph }) => ph === "f");
  return file.traceEvents
    .filter(({ ph }) => ph === "s")
    .map((start) => {
      const end = ends.find(({ id }) => id === start.id);
      return `${start.pid}/${start.tid}@${start.ts} -> ${end?.pid}/${end?.tid}@${end?.ts}`;
    });
}

function instantsOf(file: File): string[] {
  return file.traceEvents
    .filter(({ ph }) => ph === "i")
    .map(({ pid, tid, ts, name }) => `${pid}/${tid}@${ts} ${name}`);
}

const VCPUS = 1;
const TASKS = 2;

const OPTIONS: ChromeTraceOptions = {
  taskName: (tid) => `worker ${tid}`,
  waitReason: (reason) => (reason === 2 ? "futex" : "?"),
  idleState: (index) => `C${index}`,
  umcgWord: (word) => ["NONE", "RUNNING", "IDLE", "BLOCKED"][word] ?? "?",
};

/** Task 1 on CPU 0 wakes task 2, which sleeps in a futex, onto the idle CPU 1. */
const WAKE: readonly Event[] = [
  [0, kinds.TRACE_SCHED_SWITCH, 0, 1, 0, 0],
  [0, kinds.TRACE_SCHED_SWITCH, 1, 2, 0, 0],
  [1_000, kinds.TRACE_SCHED_SWITCH, 1, 0, 2, 2],
  [1_200, kinds.TRACE_IDLE_ENTER, 1, 0, 1, 0],
  [5_000, kinds.TRACE_SCHED_WAKING, 0, 2, 0x40, 1],
  [5_150, kinds.TRACE_IPI_SEND, 0, 1, 1, 0],
  [6_000, kinds.TRACE_IDLE_EXIT, 1, 0, 1, 800],
  [6_050, kinds.TRACE_IPI_RECEIVE, 1, 0, 0, 0],
  [6_100, kinds.TRACE_SCHED_WAKEUP, 1, 2, 1, 0],
  [6_301, kinds.TRACE_SCHED_SWITCH, 1, 2, 0, 0],
];

describe("ChromeTrace", () => {
  const file = build(WAKE, 8_000, OPTIONS);

  test("shows what each vCPU does", () => {
    expect(slicesOf(file, VCPUS, 1)).toEqual(["0+8 worker 1"]);
    expect(slicesOf(file, VCPUS, 2)).toEqual([
      "0+1 worker 2",
      "1+0.2 idle",
      "1.2+4.8 idle (C1)",
      "6+0.301 idle",
      "6.301+1.699 worker 2",
    ]);
  });

  test("shows what each task does, and why it sleeps", () => {
    expect(slicesOf(file, TASKS, 1)).toEqual(["0+8 running"]);
    expect(slicesOf(file, TASKS, 2)).toEqual([
      "0+1 running",
      "1+5.1 sleeping (futex)",
      "6.1+0.201 queued",
      "6.301+1.699 running",
    ]);
  });

  test("draws an arrow from the wake to the slice it led to, bound to that slice", () => {
    expect(arrowsOf(file)).toEqual(["2/1@5 -> 2/2@6.301"]);
    const ends = file.traceEvents.filter(({ ph }) => ph === "s" || ph === "f");
    expect(ends.map(({ name, cat, bp }) => [name, cat, bp])).toEqual([
      ["wake", "wake", undefined],
      ["wake", "wake", "e"],
    ]);
  });

  test("marks wakes and IPIs", () => {
    expect(instantsOf(file)).toEqual([
      "2/1@5 wake worker 2",
      "1/1@5.15 IPI send 0",
      "1/2@6.05 IPI receive 0",
    ]);
  });

  test("names processes and threads, the vCPUs first", () => {
    const names = file.traceEvents.filter(({ ph, name }) => ph === "M" && name !== "thread_sort_index");
    expect(names.map(({ pid, tid, args }) => [pid, tid, args?.["name"]])).toEqual([
      [1, undefined, "vCPUs"],
      [1, 1, "vCPU 0"],
      [1, 2, "vCPU 1"],
      [2, undefined, "tasks"],
      [2, 1, "worker 1"],
      [2, 2, "worker 2"],
    ]);
    expect(file.otherData).toEqual({ truncated: false, maxEvents: 1_000_000 });
  });

  test("an empty trace is a valid file", () => {
    expect(build([], 0).traceEvents.map(({ name }) => name)).toEqual(["process_name", "process_name"]);
  });

  test("numbers stand where no name is given, and odd names are escaped", () => {
    const plain = build(WAKE, 8_000);
    expect(slicesOf(plain, VCPUS, 2)).toContain("1.2+4.8 idle (1)");
    expect(slicesOf(plain, TASKS, 2)).toContain("1+5.1 sleeping (2)");
    const odd = build(WAKE, 8_000, { taskName: () => '"\\\n\u0000' });
    expect(slicesOf(odd, VCPUS, 1)).toEqual(['0+8 "\\\n\u0000']);
  });
});

describe("arrows", () => {
  test("an interrupt's arrow leaves from the CPU it came to", () => {
    const file = build(
      [
        [0, kinds.TRACE_SCHED_SWITCH, 0, 0, 1, 2],
        [50, kinds.TRACE_SCHED_WAKING, 0, 1, 0, 0],
        [60, kinds.TRACE_SCHED_WAKEUP, 0, 1, 0, 0],
        [70, kinds.TRACE_SCHED_SWITCH, 0, 1, 0, 0],
      ],
      100,
    );
    expect(arrowsOf(file)).toEqual(["1/1@0.05 -> 2/1@0.07"]);
  });

  test("so does that of a task that wakes its parent as it exits", () => {
    const file = build(
      [
        [0, kinds.TRACE_SCHED_SWITCH, 0, 1, 2, 2],
        [40, kinds.TRACE_TASK_EXIT, 0, 1, 0, 0],
        [50, kinds.TRACE_SCHED_WAKING, 0, 2, 0, 1],
        [60, kinds.TRACE_SCHED_WAKEUP, 0, 2, 0, 0],
        [70, kinds.TRACE_SCHED_SWITCH, 0, 2, 1, 9],
      ],
      100,
    );
    expect(arrowsOf(file)).toEqual(["1/1@0.05 -> 2/2@0.07"]);
    expect(slicesOf(file, TASKS, 1)).toEqual(["0+0.04 running"]);
  });

  test("a wake that never led to running has none", () => {
    expect(arrowsOf(build(WAKE.slice(0, -1), 8_000))).toEqual([]);
  });

  test("a wake that found the task on its CPU has none", () => {
    const file = build(
      [
        [0, kinds.TRACE_SCHED_SWITCH, 0, 1, 0, 0],
        [0, kinds.TRACE_SCHED_SWITCH, 1, 2, 0, 0],
        [50, kinds.TRACE_SCHED_WAKING, 0, 2, 0, 1],
        [60, kinds.TRACE_SCHED_WAKEUP, 1, 2, 2, 0],
        [80, kinds.TRACE_SCHED_SWITCH, 1, 3, 2, 0],
        [90, kinds.TRACE_SCHED_SWITCH, 1, 2, 3, 0],
      ],
      100,
    );
    expect(arrowsOf(file)).toEqual([]);
    expect(instantsOf(file)).toEqual(["2/1@0.05 wake task 2"]);
    expect(slicesOf(file, TASKS, 2)).toEqual(["0+0.08 running", "0.08+0.01 queued", "0.09+0.01 running"]);
  });

  test("a wake of a task that has ended since has none, whoever gets its tid", () => {
    const file = build(
      [
        [0, kinds.TRACE_SCHED_SWITCH, 0, 1, 2, 2],
        [50, kinds.TRACE_SCHED_WAKING, 0, 2, 0, 1],
        [60, kinds.TRACE_TASK_EXIT, 0, 2, 0, 9],
        [70, kinds.TRACE_TASK_NEW, 0, 2, 1, 0],
        [80, kinds.TRACE_SCHED_WAKEUP, 1, 2, 0, 0],
        [90, kinds.TRACE_SCHED_SWITCH, 1, 2, 0, 0],
      ],
      100,
    );
    expect(arrowsOf(file)).toEqual([]);
    expect(slicesOf(file, TASKS, 2)).toEqual([
      "0+0.06 sleeping (2)",
      "0.08+0.01 queued",
      "0.09+0.01 running",
    ]);
  });

  test("an arrow does not point back in time: it starts as late as it can", () => {
    const events = WAKE.map((event): Event => (event[0] === 6_301 ? [4_000, ...tail(event)] : event));
    // CPU 1 switches "at 4 us", before the stamp of the wake; its row has reached 6.1 us by then.
    const file = build(events, 8_000);
    expect(arrowsOf(file)).toEqual(["2/1@5 -> 2/2@6.1"]);
    const late = WAKE.map((event): Event => (event[0] === 5_000 ? [7_000, ...tail(event)] : event));
    expect(arrowsOf(build(late, 8_000))).toEqual(["2/1@6.301 -> 2/2@6.301"]);
    expect(instantsOf(build(late, 8_000))).toContain("2/1@6.301 wake task 2");
  });

  test("where two slices meet, the arrow stands in front of the one it does not belong to", () => {
    // The waker goes to sleep at the very time of its wake, and the wakee takes over: every stamp is 50.
    const file = build(
      [
        [0, kinds.TRACE_SCHED_SWITCH, 0, 1, 2, 2],
        [50, kinds.TRACE_SCHED_WAKING, 0, 2, 0x40, 1],
        [50, kinds.TRACE_SCHED_WAKEUP, 0, 2, 0, 0],
        [50, kinds.TRACE_SCHED_SWITCH, 0, 2, 1, 3],
      ],
      100,
    );
    const order = file.traceEvents
      .filter(({ pid, ts, name }) => pid === TASKS && ts === 0.05 && name !== "queued")
      .map(({ ph, tid, name }) => `${ph} ${tid} ${name}`);
    expect(order).toEqual(["i 1 wake task 2", "s 1 wake", "X 1 sleeping (3)", "X 2 running", "f 2 wake"]);
  });

  test("a slice without length is kept if an arrow needs it, and only then", () => {
    const file = build(
      [
        [0, kinds.TRACE_SCHED_SWITCH, 0, 0, 2, 2],
        [50, kinds.TRACE_SCHED_SWITCH, 0, 1, 0, 0],
        [50, kinds.TRACE_SCHED_WAKING, 0, 2, 0, 1],
        [50, kinds.TRACE_SCHED_SWITCH, 0, 3, 1, 1],
        [50, kinds.TRACE_SCHED_WAKEUP, 0, 2, 0, 0],
        [50, kinds.TRACE_SCHED_SWITCH, 0, 2, 3, 0],
      ],
      100,
    );
    expect(arrowsOf(file)).toEqual(["2/1@0.05 -> 2/2@0.05"]);
    expect(slicesOf(file, TASKS, 1)).toEqual(["0.05+0 running", "0.05+0.05 sleeping (1)"]);
    expect(slicesOf(file, TASKS, 3)).toEqual(["0.05+0.05 queued"]);
    expect(slicesOf(file, TASKS, 2)).toEqual(["0+0.05 sleeping (2)", "0.05+0.05 running"]);
  });
});

function tail([, ...rest]: Event): [number, number, number, number, number] {
  return [...rest];
}

describe("a trace that begins in the middle", () => {
  test("shows a task as running from the first event that proves it", () => {
    const proofs: Event[] = [
      [30, kinds.TRACE_SYS_ENTER, 0, 1, 5, 0],
      [30, kinds.TRACE_SYS_EXIT, 0, 1, 5, 0],
      [30, kinds.TRACE_TICK, 0, 1, 0, 0],
      [30, kinds.TRACE_SCHED_WAKING, 0, 2, 0, 1],
      [30, kinds.TRACE_TASK_NEW, 0, 2, 1, 0],
    ];
    for (const proof of proofs) {
      const file = build([proof, [60, kinds.TRACE_SYS_ENTER, 0, 1, 5, 0]], 100);
      expect(slicesOf(file, VCPUS, 1)).toEqual(["0.03+0.07 task 1"]);
      expect(slicesOf(file, TASKS, 1)).toEqual(["0.03+0.07 running"]);
    }
  });

  test("says nothing of a row before its first event", () => {
    const file = build([[70, kinds.TRACE_SCHED_SWITCH, 0, 2, 1, 3]], 100, OPTIONS);
    expect(slicesOf(file, TASKS, 1)).toEqual(["0.07+0.03 sleeping (?)"]);
    expect(slicesOf(file, TASKS, 2)).toEqual(["0.07+0.03 running"]);
  });
});

describe("task rows", () => {
  test("mark signals, UMCG deaths and UMCG state changes", () => {
    const file = build(
      [
        [10, kinds.TRACE_SIGNAL, 0, 4, 11, 3],
        [20, kinds.TRACE_UMCG_STATE, 1, 4, 1, 3],
        [30, kinds.TRACE_UMCG_DIE, 0, 4, 6, 0],
        [40, kinds.TRACE_TIMER_EXPIRE, 0, 4, 0, 0],
      ],
      100,
      OPTIONS,
    );
    expect(instantsOf(file)).toEqual([
      "2/4@0.01 signal 11",
      "2/4@0.02 RUNNING -> BLOCKED",
      "2/4@0.03 UMCG die 6",
    ]);
    expect(file.traceEvents.filter(({ ph }) => ph === "i").map(({ s, args }) => [s, args])).toEqual([
      ["t", { sender: 3 }],
      ["t", { cpu: 1, old: 1, new: 3 }],
      ["t", {}],
    ]);
  });

  test("a task preempted on its way to sleep and woken then waits once", () => {
    const file = build(
      [
        [0, kinds.TRACE_SCHED_SWITCH, 0, 2, 1, 0],
        [50, kinds.TRACE_SCHED_WAKING, 0, 1, 0, 2],
        [60, kinds.TRACE_SCHED_WAKEUP, 0, 1, 2, 0],
        [70, kinds.TRACE_SCHED_SWITCH, 0, 1, 2, 3],
      ],
      100,
    );
    expect(slicesOf(file, TASKS, 1)).toEqual(["0+0.07 queued", "0.07+0.03 running"]);
    expect(arrowsOf(file)).toEqual(["2/2@0.05 -> 2/1@0.07"]);
  });

  test("a tid that is used again is named again", () => {
    let owner = "first";
    const chrome = new ChromeTrace({ taskName: () => owner });
    chrome.event(0, kinds.TRACE_SCHED_SWITCH, 0, 1, 0, 0);
    chrome.event(10, kinds.TRACE_TASK_EXIT, 0, 1, 0, 0);
    chrome.event(20, kinds.TRACE_SCHED_SWITCH, 0, 0, 1, 9);
    owner = "second";
    chrome.event(30, kinds.TRACE_TASK_NEW, 0, 1, 0, 0);
    chrome.event(40, kinds.TRACE_SCHED_SWITCH, 0, 1, 0, 0);
    chrome.finish(50);
    const file = JSON.parse([...chrome.chunks()].join("")) as File;
    expect(slicesOf(file, VCPUS, 1)).toEqual(["0+0.02 first", "0.02+0.02 idle", "0.04+0.01 second"]);
    expect(slicesOf(file, TASKS, 1)).toEqual(["0+0.01 running", "0.04+0.01 running"]);
  });

  test("a slice that would begin before the one in front of it is moved up to its end", () => {
    const file = build(
      [
        [0, kinds.TRACE_SCHED_SWITCH, 0, 1, 0, 0],
        [100, kinds.TRACE_SCHED_SWITCH, 0, 0, 1, 2],
        [80, kinds.TRACE_SCHED_WAKEUP, 1, 1, 0, 1],
        [90, kinds.TRACE_SCHED_SWITCH, 1, 1, 0, 0],
      ],
      150,
    );
    expect(slicesOf(file, TASKS, 1)).toEqual(["0+0.1 running", "0.1+0.05 running"]);
    expect(slicesOf(file, VCPUS, 2)).toEqual(["0.09+0.06 task 1"]);
  });
});

describe("the bound", () => {
  test("nothing is added over it, what is open is still closed, and the file says so", () => {
    const file = build(WAKE, 8_000, { ...OPTIONS, maxEvents: 6 });
    expect(file.otherData).toEqual({ truncated: true, maxEvents: 6 });
    expect(file.traceEvents.filter(({ ph }) => ph !== "M")).toHaveLength(6);
    expect(slicesOf(file, TASKS, 1)).toEqual(["0+8 running"]);
    expect(slicesOf(file, TASKS, 2)).toEqual(["0+1 running", "1+5.1 sleeping (futex)"]);
    expect(arrowsOf(file)).toEqual([]);
  });

  test.each([-1, 1.5, Number.NaN])("refuses a bound of %d", (maxEvents) => {
    expect(() => new ChromeTrace({ maxEvents })).toThrow(
      expect.objectContaining({ code: "ERR_TRACE_VALUE" }),
    );
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])("refuses the time %d", (timeNs) => {
    const chrome = new ChromeTrace();
    const refusal = expect.objectContaining({ code: "ERR_TRACE_VALUE" });
    expect(() => chrome.event(timeNs, kinds.TRACE_TICK, 0, 1, 0, 0)).toThrow(refusal);
    expect(() => chrome.finish(timeNs)).toThrow(refusal);
  });

  test("a big file comes in many chunks", () => {
    const chrome = new ChromeTrace();
    for (let i = 0; i < 5_000; i++)
      chrome.event(i * 10, kinds.TRACE_SCHED_SWITCH, 0, (i % 2) + 1, 2 - (i % 2), 0);
    chrome.finish(50_000);
    const chunks = [...chrome.chunks()];
    expect(chunks.length).toBeGreaterThan(10);
    expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThan(100_000);
    expect((JSON.parse(chunks.join("")) as File).traceEvents.length).toBeGreaterThan(10_000);
  });
});
