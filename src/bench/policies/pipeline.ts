/**
 * Lines of workers that are joined by bounded channels, one line a vCPU: a source makes items as fast as it may, three stages
 * work on each, a sink counts them. The work of all stages is the same on average, so all of them wait now and then, and
 * every item is handed on four times: what counts is what a hand-off costs, and whether it stays where the item is.
 *
 * Later stages have higher priorities (what has come far is finished first), and a stage has the deadline of its last item.
 */
import type { Coroutine } from "../../atomics/step.ts";
import type { Sfc32 } from "../../random/sfc32.ts";
import { Channel } from "../../worker/sync/channel.ts";
import type { Worker } from "../../worker/worker.ts";
import { exponential } from "../stats/laws.ts";
import type { PolicyWorkload, Tally } from "./policy-workload.ts";

const STAGES = 3;
const WORK = exponential(5_000);
const CAPACITY = 8;
/** An item is to be through by then. */
const BUDGET_NS = 500_000;

interface Item {
  readonly bornNs: number;
  readonly sentNs: number;
}

/** Takes from `from` (a source makes its own), works, and hands on to `to` (a sink counts). */
function* stage(
  worker: Worker,
  tally: Tally,
  stream: Sfc32,
  from: Channel<Item> | undefined,
  to: Channel<Item> | undefined,
): Coroutine<void> {
  for (;;) {
    const askedNs = worker.now();
    let bornNs = askedNs;
    if (from !== undefined) {
      const received = yield* from.receive(worker);
      if (received.status === "closed") return;
      const { sentNs } = received.value;
      if (sentNs > askedNs) tally.woke(sentNs, worker.now());
      ({ bornNs } = received.value);
    }
    yield* worker.setDeadline(Math.round(bornNs + BUDGET_NS));
    yield* worker.work(WORK.draw(stream));
    if (to === undefined) tally.operations++;
    else yield* to.send(worker, { bornNs, sentNs: worker.now() });
  }
}

export const pipeline: PolicyWorkload = {
  name: "pipeline",
  summary: `lines of a source, ${STAGES} stages and a sink, 5 us each; a line a vCPU`,
  operations: "items",
  wakes: "from send to receive, of receivers that waited",
  workers: (vcpus) => vcpus * (STAGES + 2),
  start(machine, runtime, tally) {
    for (let line = 0; line < machine.kernel.config.vcpus; line++) {
      let from: Channel<Item> | undefined;
      for (let place = 0; place < STAGES + 2; place++) {
        const to = place <= STAGES ? new Channel<Item>(machine, CAPACITY) : undefined;
        const [stream, input] = [tally.stream(), from];
        runtime.spawn((worker) => stage(worker, tally, stream, input, to), { priority: place });
        from = to;
      }
    }
  },
};
