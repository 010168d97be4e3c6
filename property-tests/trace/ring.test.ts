import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { TraceRing } from "../../src/trace/ring.ts";
import type { TraceSink } from "../../src/trace/sink.ts";

type Fields = readonly [timeNs: number, kind: number, cpu: number, tid: number, arg0: number, arg1: number];

type Action =
  | { readonly do: "emit"; readonly event: Fields }
  | { readonly do: "flush" | "clear" | "add" }
  | { readonly do: "remove"; readonly which: number }
  | { readonly do: "last"; readonly n: number };

const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const event: fc.Arbitrary<Fields> = fc.tuple(
  fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
  word,
  word,
  word,
  word,
  word,
);
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant("emit" as const), event }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("flush", "add") }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("clear" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("remove" as const), which: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("last" as const), n: fc.nat(20) }) },
);

interface Listener extends TraceSink {
  readonly seen: Fields[];
  /** What the model says it must see. */
  readonly due: Fields[];
  readonly remove: () => void;
}

/** The ring beside a model of it that keeps everything in arrays. */
class Pair {
  readonly ring: TraceRing;
  readonly listeners: Listener[] = [];
  readonly gone: Listener[] = [];
  #events: Fields[] = [];
  /** Emitted since the ring became a flight recorder. */
  #unheard = 0;
  #dropped = 0;

  constructor(capacity: number) {
    this.ring = new TraceRing(capacity);
  }

  run(step: Action): void {
    switch (step.do) {
      case "emit":
        this.#emit(step.event);
        break;
      case "flush":
        this.ring.flush();
        this.#expectDelivered();
        break;
      case "clear":
        this.#clear();
        break;
      case "add":
        this.#add();
        break;
      case "remove":
        this.#remove(step.which);
        break;
      case "last":
        this.#expectLast(step.n);
        break;
    }
  }

  /** What holds after every step: no sink has seen anything but the beginning of what is due to it. */
  check(): void {
    for (const { seen, due } of this.listeners) {
      expect(seen).toEqual(due.slice(0, seen.length));
      expect(due.length - seen.length).toBeLessThan(this.ring.capacity);
    }
    for (const { seen, due } of this.gone) expect(seen).toEqual(due);
    expect(this.ring.dropped).toBe(this.#dropped);
    this.#expectLast(this.ring.capacity + 1);
  }

  #emit(fields: Fields): void {
    this.ring.emit(...fields);
    this.#events.push(fields);
    for (const { due } of this.listeners) due.push(fields);
    if (this.listeners.length > 0) return;
    if (this.#unheard >= this.ring.capacity) this.#dropped++;
    this.#unheard++;
  }

  #clear(): void {
    this.ring.clear();
    this.#events = [];
    this.#unheard = 0;
    this.#dropped = 0;
    this.#expectDelivered();
  }

  #add(): void {
    if (this.listeners.length === 0) this.#unheard = 0;
    const seen: Fields[] = [];
    const sink: TraceSink = { event: (...fields) => seen.push(fields) };
    this.listeners.push({ ...sink, seen, due: [], remove: this.ring.addSink(sink) });
  }

  #remove(which: number): void {
    const [listener] = this.listeners.splice(which % Math.max(1, this.listeners.length), 1);
    if (listener === undefined) return;
    listener.remove();
    this.gone.push(listener);
    this.#unheard = 0;
  }

  #expectDelivered(): void {
    for (const { seen, due } of this.listeners) expect(seen).toEqual(due);
  }

  #expectLast(n: number): void {
    const kept = this.#events.slice(-Math.min(n, this.ring.capacity));
    const shown = this.ring
      .last(n)
      .map(({ timeNs, kind, cpu, tid, arg0, arg1 }) => [timeNs, kind, cpu, tid, arg0, arg1]);
    expect(shown).toEqual(n === 0 ? [] : kept);
  }
}

describe("the ring against a model", () => {
  test.prop([fc.constantFrom(1, 2, 4, 8), fc.array(action, { maxLength: 120, size: "max" })])(
    "every sink gets every event of its time exactly once and in order; the newest are kept",
    (capacity, actions) => {
      const pair = new Pair(capacity);
      for (const step of actions) {
        pair.run(step);
        pair.check();
      }
      pair.run({ do: "flush" });
    },
  );
});
