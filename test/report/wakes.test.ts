import { describe, expect, test } from "vitest";
import { WORKLOADS } from "../../src/bench/registry.ts";
import { BenchRun } from "../../src/bench/run-bench.ts";
import { traceNames } from "../../src/bench/trace-names.ts";
import { rangesOf, rowsOf } from "../../src/report/model/rows.ts";
import { buildTimeline } from "../../src/report/model/timeline.ts";
import { slowest, WAKE_SPANS, type Wake, wakesOf } from "../../src/report/model/wakes.ts";
import { whySlow } from "../../src/report/model/why.ts";
import { Recorder } from "../../src/report/recorder.ts";
import * as kinds from "../../src/trace/events.ts";
import { Histogram } from "../../src/trace/histogram.ts";
import { type Event, logOf } from "./fixture.ts";

const length = ({ fromNs, toNs }: Wake): number => toNs - fromNs;

/** A task that is woken while another has its CPU. */
const LATE: readonly Event[] = [
  [0, kinds.TRACE_SYS_ENTER, 0, 1, 202, 0],
  [10, kinds.TRACE_SCHED_SWITCH, 0, 2, 1, 2],
  [100, kinds.TRACE_SCHED_WAKING, 1, 1, 0, 3],
  [120, kinds.TRACE_SCHED_WAKEUP, 0, 1, 0, 0],
  [500, kinds.TRACE_SCHED_SWITCH, 0, 1, 2, 0],
  [530, kinds.TRACE_SYS_EXIT, 0, 1, 202, 0],
];

describe("the wake-ups of a trace", () => {
  test.each(WORKLOADS.map((workload) => [workload.name, workload] as const))(
    "are those that the histograms have counted: %s",
    (_, workload) => {
      let recorder: Recorder | undefined;
      const run = new BenchRun({
        workload,
        loops: 20,
        vcpus: 2,
        jitter: true,
        clock: () => 0,
        sink: (machine) => {
          recorder = new Recorder(traceNames(machine));
          return recorder;
        },
      });
      run.advance();
      run.machine.trace.flush();
      const { tids, toNs } = run.measured;
      const wakes = wakesOf(recorder!, { tids, fromNs: run.measuredFromNs, toNs });
      for (const span of WAKE_SPANS)
        expect(Histogram.of(wakes[span].map(length)).toJSON()).toEqual(run.spans[span].toJSON());
      expect(wakes.wakeToUser.length).toBeGreaterThan(0);
    },
  );

  test("are told with who woke them, and where", () => {
    const { wakeToUser, wakeToQueued, queuedToRunning } = wakesOf(logOf(LATE), { fromNs: 0 });
    const common = { tid: 1, waker: 3, wakerCpu: 1, cpu: 0 };
    expect(wakeToUser).toEqual([{ ...common, fromNs: 100, toNs: 530 }]);
    expect(wakeToQueued).toEqual([{ ...common, fromNs: 100, toNs: 120 }]);
    expect(queuedToRunning).toEqual([{ ...common, fromNs: 120, toNs: 500 }]);
    expect(wakesOf(logOf(LATE), { fromNs: 101 }).wakeToUser).toEqual([]);
    expect(wakesOf(logOf(LATE), { fromNs: 0, toNs: 529 }).wakeToUser).toEqual([]);
    expect(wakesOf(logOf(LATE), { fromNs: 0, tids: [2] }).wakeToUser).toEqual([]);
  });

  test("are listed slowest first, of equal ones the earlier first, within bounds", () => {
    const all = [5, 9, 7, 9, 1].map(
      (ns, at): Wake => ({
        tid: at,
        waker: 0,
        wakerCpu: 0,
        cpu: 0,
        fromNs: 0,
        toNs: ns,
      }),
    );
    const tids = (found: readonly Wake[]): number[] => found.map(({ tid }) => tid);
    expect(tids(slowest(all, 3))).toEqual([1, 3, 2]);
    expect(tids(slowest(all, 9, 5, 9))).toEqual([2, 0]);
    expect(tids(slowest(all, 1))).toEqual([1]);
  });
});

describe("why a wake-up was slow", () => {
  const options = { vcpus: 2, taskName: (tid: number): string => `t${tid}` };
  const names = { taskName: options.taskName, syscallName: (): string => "futex" };

  test("is told phase by phase, with what the CPU did meanwhile, to the nanosecond", () => {
    const log = logOf(LATE);
    const [wake] = wakesOf(log, { fromNs: 0 }).wakeToUser;
    const phases = whySlow(buildTimeline(log, options), wake!, names);
    expect(phases.map(({ ns, text, meanwhile }) => [ns, text, ...meanwhile.map((use) => use.text)])).toEqual([
      [20, "woken, on no queue yet", "vCPU 0 ran t2"],
      [380, "on the queue of vCPU 0", "vCPU 0 ran t2"],
      [30, "runs on vCPU 0, in the kernel: futex"],
    ]);
    expect(phases.reduce((sum, { ns }) => sum + ns, 0)).toBe(length(wake!));
  });

  test("tells idleness from leaving it, the longest first", () => {
    const log = logOf([
      [0, kinds.TRACE_SYS_ENTER, 0, 1, 202, 0],
      [10, kinds.TRACE_SCHED_SWITCH, 0, 0, 1, 2],
      [100, kinds.TRACE_SCHED_WAKING, 1, 1, 0, 3],
      [150, kinds.TRACE_IDLE_EXIT, 0, 0, 1, 500],
      [350, kinds.TRACE_SCHED_WAKEUP, 0, 1, 0, 0],
      [360, kinds.TRACE_SCHED_SWITCH, 0, 1, 0, 0],
      [370, kinds.TRACE_SYS_EXIT, 0, 1, 202, 0],
    ]);
    const [wake] = wakesOf(log, { fromNs: 0 }).wakeToUser;
    const [first, second] = whySlow(buildTimeline(log, options), wake!, names);
    expect(first!.meanwhile).toEqual([
      { ns: 200, text: "vCPU 0 left idle" },
      { ns: 50, text: "vCPU 0 was idle" },
    ]);
    expect(second).toMatchObject({ ns: 10, text: "on the queue of vCPU 0" });
  });
});

describe("the rows of a timeline", () => {
  const timeline = buildTimeline(logOf(LATE), { vcpus: 5, taskName: (tid) => `Task ${tid}` });

  test("have in one line the vCPUs that had nothing to do", () => {
    expect(rowsOf(timeline).map(({ title }) => title)).toEqual([
      "vCPUs",
      "vCPU 0",
      "idle all the time: vCPU 1 to 4",
      "Tasks",
      "Task 1",
      "Task 2",
      "Task 3",
    ]);
  });

  test("have of the tasks those that are looked for", () => {
    const titles = rowsOf(timeline, "k 2").map(({ title }) => title);
    expect(titles.slice(-2)).toEqual(["Tasks: 1 of 3", "Task 2"]);
  });

  test.each([
    [[], ""],
    [[3], "3"],
    [[0, 1], "0, 1"],
    [[0, 2, 3, 4, 9], "0, 2 to 4, 9"],
  ])("name ranges: %j", (numbers, text) => expect(rangesOf(numbers)).toBe(text));
});
