/** What the report of a workload has of wake-ups: the three spans of src/trace/spans.ts, and figures made of them. */
import type { ReportedRun } from "../report/bench-report.ts";
import type { Histogram } from "../trace/histogram.ts";

interface Spans {
  readonly wakeToUser: Histogram;
  readonly wakeToQueued: Histogram;
  readonly queuedToRunning: Histogram;
}

interface Counted {
  readonly nsPerOp: number;
  readonly loops: number;
  readonly ipis: number;
  readonly switches: number;
}

export function spansOf(
  { wakeToUser, wakeToQueued, queuedToRunning }: Spans,
  { nsPerOp, loops, ipis, switches }: Counted,
): Pick<ReportedRun, "figures" | "distributions"> {
  return {
    figures: [
      { name: "A hand-off takes", unit: "ns", value: nsPerOp },
      { name: "Wake to user, median", unit: "ns", value: wakeToUser.quantile(0.5) },
      { name: "Wake to user, p99", unit: "ns", value: wakeToUser.quantile(0.99) },
      { name: "IPIs a loop", unit: "", value: ipis / loops },
      { name: "Switches a loop", unit: "", value: switches / loops },
    ],
    distributions: [
      {
        name: "Wake to user",
        note: "from the wake-up call to the first instruction in user mode: the whole way",
        histogram: wakeToUser,
        wakes: "wakeToUser",
      },
      {
        name: "Wake to queued",
        note: "from the wake-up call to the run queue: what waking costs",
        histogram: wakeToQueued,
        wakes: "wakeToQueued",
      },
      {
        name: "Queued to running",
        note: "from the run queue to a CPU: what scheduling costs",
        histogram: queuedToRunning,
        wakes: "queuedToRunning",
      },
    ],
  };
}
