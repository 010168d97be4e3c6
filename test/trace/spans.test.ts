import { describe, expect, test } from "vitest";
import {
  TRACE_SCHED_SWITCH,
  TRACE_SCHED_WAKEUP,
  TRACE_SCHED_WAKING,
  TRACE_SYS_ENTER,
  TRACE_SYS_EXIT,
  TRACE_TASK_EXIT,
  TRACE_WAKE_MISS,
} from "../../src/trace/events.ts";
import type { Histogram } from "../../src/trace/histogram.ts";
import { WakeSpans, type WakeSpansOptions } from "../../src/trace/spans.ts";

/** Short hands for the events that matter; `prev` and `reason` of a switch are its arg0 and arg1. */
class Story {
  readonly spans: WakeSpans;

  constructor(options?: WakeSpansOptions) {
    this.spans = new WakeSpans(options);
  }

  waking(timeNs: number, tid: number): this {
    return this.#event(timeNs, TRACE_SCHED_WAKING, tid, 0, 9);
  }

  miss(timeNs: number, tid: number): this {
    return this.#event(timeNs, TRACE_WAKE_MISS, tid, 0, 9);
  }

  wakeup(timeNs: number, tid: number, how = 0): this {
    return this.#event(timeNs, TRACE_SCHED_WAKEUP, tid, how, 1);
  }

  switch(timeNs: number, next: number, prev: number, reason = 0): this {
    return this.#event(timeNs, TRACE_SCHED_SWITCH, next, prev, reason);
  }

  sysEnter(timeNs: number, tid: number): this {
    return this.#event(timeNs, TRACE_SYS_ENTER, tid, 1, 0);
  }

  sysExit(timeNs: number, tid: number): this {
    return this.#event(timeNs, TRACE_SYS_EXIT, tid, 1, 0);
  }

  exit(timeNs: number, tid: number): this {
    return this.#event(timeNs, TRACE_TASK_EXIT, tid, 0, 0);
  }

  /** The samples of each span (all below 512 ns, so that a bucket is a value). */
  get samples(): { queued: number[]; running: number[]; user: number[] } {
    return {
      queued: samplesOf(this.spans.wakeToQueued),
      running: samplesOf(this.spans.queuedToRunning),
      user: samplesOf(this.spans.wakeToUser),
    };
  }

  #event(timeNs: number, kind: number, tid: number, arg0: number, arg1: number): this {
    this.spans.event(timeNs, kind, 0, tid, arg0, arg1);
    return this;
  }
}

function samplesOf(histogram: Histogram): number[] {
  return histogram.toJSON().buckets.flatMap(([value, count]) => new Array<number>(count).fill(value));
}

describe("WakeSpans", () => {
  test("a plain wake gives one sample of each span", () => {
    const story = new Story().sysEnter(10, 3).switch(20, 0, 3, 1);
    story.waking(100, 3).wakeup(130, 3).switch(170, 3, 0).sysExit(250, 3);
    expect(story.samples).toEqual({ queued: [30], running: [40], user: [150] });
    expect(story.spans.summary().wakeToUser).toEqual({
      p50: 150,
      p90: 150,
      p99: 150,
      p999: 150,
      max: 150,
      count: 1,
    });
    expect(story.spans.inverted).toBe(0);
  });

  test("woken, put to sleep by a hook, woken again: the span to user mode starts at the first wake", () => {
    const story = new Story().sysEnter(10, 3).switch(20, 0, 3, 1);
    story.waking(100, 3).wakeup(110, 3).switch(130, 3, 0);
    story.switch(150, 0, 3, 2);
    story.waking(300, 3).wakeup(302, 3).switch(303, 3, 0).sysExit(320, 3);
    expect(story.samples).toEqual({ queued: [2, 10], running: [1, 20], user: [220] });
    // The next wake starts afresh.
    story
      .sysEnter(330, 3)
      .switch(335, 0, 3, 1)
      .waking(400, 3)
      .wakeup(401, 3)
      .switch(403, 3, 0)
      .sysExit(407, 3);
    expect(story.samples).toEqual({ queued: [1, 2, 10], running: [1, 2, 20], user: [7, 220] });
  });

  test("a wake that finds nobody asleep starts nothing", () => {
    const story = new Story().miss(100, 3).switch(120, 3, 0).sysExit(130, 3);
    expect(story.samples).toEqual({ queued: [], running: [], user: [] });
  });

  test("a preempted task that runs again has not been woken", () => {
    const story = new Story().wakeup(100, 3).switch(110, 3, 0).switch(150, 4, 3, 0).switch(190, 3, 4, 0);
    expect(story.samples.running).toEqual([10]);
  });

  test("a wake that finds the task still on its CPU does not wait for the next switch to it", () => {
    const story = new Story().waking(100, 3).wakeup(105, 3, 2);
    story.switch(200, 4, 3, 0).switch(300, 3, 4, 0);
    expect(story.samples).toEqual({ queued: [5], running: [], user: [] });
  });

  test("a wake that finds the task on its run queue waits for the switch", () => {
    const story = new Story().waking(100, 3).wakeup(105, 3, 2).switch(125, 3, 0);
    expect(story.samples).toEqual({ queued: [5], running: [20], user: [] });
  });

  test("a task that enters a system call was in user mode already", () => {
    const story = new Story()
      .waking(100, 3)
      .wakeup(110, 3)
      .switch(120, 3, 0)
      .sysEnter(200, 3)
      .sysExit(230, 3);
    expect(story.samples.user).toEqual([]);
  });

  test("a new task is queued without having been woken", () => {
    const story = new Story().wakeup(100, 3).switch(120, 3, 0).sysExit(130, 3);
    expect(story.samples).toEqual({ queued: [], running: [20], user: [] });
  });

  test("an exit clears what was open, so that the next owner of the tid starts clean", () => {
    const story = new Story().waking(100, 3).wakeup(110, 3).exit(120, 3);
    story.wakeup(200, 3).switch(201, 3, 0).sysExit(202, 3);
    expect(story.samples).toEqual({ queued: [10], running: [1], user: [] });
  });

  test("tasks do not disturb each other", () => {
    const story = new Story().waking(100, 3).waking(101, 4).wakeup(104, 4).wakeup(110, 3);
    story.switch(120, 4, 0).switch(121, 3, 0).sysExit(130, 4).sysExit(140, 3);
    expect(story.samples).toEqual({ queued: [3, 10], running: [11, 16], user: [29, 40] });
  });

  test("only counts the tasks asked for", () => {
    const story = new Story({ only: (tid) => tid === 4 });
    for (const tid of [3, 4]) {
      story
        .waking(100, tid)
        .wakeup(100 + tid, tid)
        .switch(120, tid, 0)
        .sysExit(150, tid);
    }
    expect(story.samples).toEqual({ queued: [4], running: [16], user: [50] });
  });

  test("ignores events before a time, so that a span across it is not counted", () => {
    const story = new Story({ fromNs: 100 });
    story.waking(99, 3).wakeup(100, 3).switch(110, 3, 0).sysExit(120, 3);
    expect(story.samples).toEqual({ queued: [], running: [10], user: [] });
  });

  test("an end stamped before its start counts as 0, and is told", () => {
    const story = new Story().waking(100, 3).wakeup(150, 3).switch(140, 3, 0).sysExit(160, 3);
    expect(story.samples).toEqual({ queued: [50], running: [0], user: [60] });
    expect(story.spans.inverted).toBe(1);
  });

  test("a CPU that switches from a task to the same task ends its wait", () => {
    const story = new Story().wakeup(100, 3).switch(110, 3, 3, 1);
    expect(story.samples.running).toEqual([10]);
  });

  test("rounds to whole ns", () => {
    const story = new Story().waking(100.2, 3).wakeup(110.9, 3);
    expect(story.samples.queued).toEqual([11]);
  });

  test("grows with the tids and keeps what was open", () => {
    const story = new Story().waking(100, 3).waking(100, 1_000_000).wakeup(110, 1_000_000).wakeup(120, 3);
    expect(story.samples.queued).toEqual([10, 20]);
    story.wakeup(200, 3_000_000).switch(215, 3_000_000, 0).switch(240, 3, 0);
    expect(story.samples.running).toEqual([15, 120]);
    expect(() => story.waking(1, 2 ** 22)).toThrow(expect.objectContaining({ code: "ERR_TRACE_VALUE" }));
    story
      .switch(130, 2 ** 22, 2 ** 22)
      .sysExit(140, 2 ** 22)
      .exit(150, 2 ** 22)
      .sysEnter(160, 2 ** 22);
    expect(story.samples.running).toEqual([15, 120]);
  });

  test("a negative tid is nobody", () => {
    const story = new Story().waking(1, -1).wakeup(2, -1).switch(3, -1, -1).sysEnter(4, -1).sysExit(5, -1);
    expect(story.samples).toEqual({ queued: [], running: [], user: [] });
  });
});
