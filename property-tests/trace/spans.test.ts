import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import * as kinds from "../../src/trace/events.ts";
import { Histogram } from "../../src/trace/histogram.ts";
import { WakeSpans } from "../../src/trace/spans.ts";

/** One stretch from asleep to running; after it the task sleeps again, or returns to user mode. */
interface Wake {
  readonly misses: number;
  readonly toQueued: number;
  readonly toRunning: number;
  readonly preempted: boolean;
}

/** A system call in which the task was woken once or more. */
type Call = readonly Wake[];

interface Stamped {
  readonly timeNs: number;
  readonly kind: number;
  readonly tid: number;
  readonly arg0: number;
  readonly arg1: number;
}

const gap = fc.nat(5_000);
const wake: fc.Arbitrary<Wake> = fc.record({
  misses: fc.nat(2),
  toQueued: gap,
  toRunning: gap,
  preempted: fc.boolean(),
});
const call: fc.Arbitrary<Call> = fc.array(wake, { minLength: 1, maxLength: 3 });
const task = fc.array(call, { maxLength: 6 });

/** Writes the events of a task, and what each span of it measures. */
class Author {
  readonly events: Stamped[] = [];
  readonly toQueued: number[] = [];
  readonly toRunning: number[] = [];
  readonly toUser: number[] = [];
  readonly #tid: number;
  #now = 0;

  constructor(tid: number) {
    this.#tid = tid;
  }

  write(calls: readonly Call[]): this {
    for (const wakes of calls) {
      this.#put(10, kinds.TRACE_SYS_ENTER, 1, 0);
      let first: number | undefined;
      for (const one of wakes) {
        this.#sleep();
        first ??= this.#now + 100;
        this.#wake(one);
      }
      this.#put(5, kinds.TRACE_SYS_EXIT, 1, 0);
      this.toUser.push(this.#now - (first ?? Number.NaN));
    }
    return this;
  }

  #sleep(): void {
    this.#now += 20;
    this.events.push({ timeNs: this.#now, kind: kinds.TRACE_SCHED_SWITCH, tid: 0, arg0: this.#tid, arg1: 1 });
  }

  #wake({ misses, toQueued, toRunning, preempted }: Wake): void {
    this.#put(100, kinds.TRACE_SCHED_WAKING, 0, 9);
    this.#put(toQueued, kinds.TRACE_SCHED_WAKEUP, 0, 0);
    for (let i = 0; i < misses; i++) this.#put(0, kinds.TRACE_WAKE_MISS, 0, 9);
    this.#put(toRunning, kinds.TRACE_SCHED_SWITCH, 0, 0);
    this.toQueued.push(toQueued);
    this.toRunning.push(toRunning);
    if (!preempted) return;
    this.events.push({ timeNs: this.#now, kind: kinds.TRACE_SCHED_SWITCH, tid: 0, arg0: this.#tid, arg1: 0 });
    this.#put(777, kinds.TRACE_SCHED_SWITCH, 0, 0);
  }

  #put(afterNs: number, kind: number, arg0: number, arg1: number): void {
    this.#now += afterNs;
    this.events.push({ timeNs: this.#now, kind, tid: this.#tid, arg0, arg1 });
  }
}

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

/** Takes the next event of a stream again and again, as `picks` say: the order of each stream is kept. */
function interleave(streams: readonly (readonly Stamped[])[], picks: readonly number[]): Stamped[] {
  const rest = streams.map((stream) => [...stream]);
  const merged: Stamped[] = [];
  for (let i = 0; rest.some(({ length }) => length > 0); i++) {
    const open = rest.filter(({ length }) => length > 0);
    merged.push(open[(picks[i % picks.length] ?? 0) % open.length]!.shift()!);
  }
  return merged;
}

describe("the spans of a trace", () => {
  test.prop([fc.array(task, { maxLength: 4 }), fc.array(fc.nat(3), { minLength: 1, maxLength: 50 })])(
    "are those the story was written with, however the tasks interleave",
    (tasks, picks) => {
      const authors = tasks.map((calls, index) => new Author(index + 1).write(calls));
      const spans = new WakeSpans();
      const streams = authors.map(({ events }) => events);
      for (const { timeNs, kind, tid, arg0, arg1 } of interleave(streams, picks)) {
        spans.event(timeNs, kind, 0, tid, arg0, arg1);
      }
      const all = (pick: (author: Author) => number[]): unknown =>
        histogramOf(authors.flatMap(pick)).toJSON();
      expect(spans.wakeToQueued.toJSON()).toEqual(all(({ toQueued }) => toQueued));
      expect(spans.queuedToRunning.toJSON()).toEqual(all(({ toRunning }) => toRunning));
      expect(spans.wakeToUser.toJSON()).toEqual(all(({ toUser }) => toUser));
      expect(spans.inverted).toBe(0);
    },
  );
});
