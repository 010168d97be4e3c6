import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { TraceHash } from "../../src/trace/hash.ts";

type Fields = [timeNs: number, kind: number, cpu: number, tid: number, arg0: number, arg1: number];

const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const time = fc.double({ min: 0, noNaN: true, noDefaultInfinity: true });
const event: fc.Arbitrary<Fields> = fc.tuple(time, word, word, word, word, word);

function digestOf(events: readonly Fields[]): string {
  const hash = new TraceHash();
  for (const fields of events) hash.event(...fields);
  return hash.digest();
}

describe("the digest of a trace", () => {
  test.prop([fc.array(event, { maxLength: 30 })])("is the same for the same events", (events) => {
    expect(digestOf(structuredClone(events))).toBe(digestOf(events));
  });

  test.prop([fc.array(event, { minLength: 1, maxLength: 30 }), fc.nat(), fc.nat(5), time, word])(
    "changes with any one field of any one event",
    (events, which, field, otherTime, otherWord) => {
      const changed = structuredClone(events);
      const victim = changed[which % changed.length]!;
      const value = field === 0 ? otherTime : otherWord;
      fc.pre(value !== victim[field]);
      victim[field] = value;
      expect(digestOf(changed)).not.toBe(digestOf(events));
    },
  );

  test.prop([event, fc.nat(5), fc.nat(31)])("changes with any one bit of a field", (fields, field, bit) => {
    const changed: Fields = [...fields];
    changed[field] = field === 0 ? fields[0] + Math.max(1, fields[0]) / 2 : fields[field]! ^ (1 << bit);
    fc.pre(Number.isFinite(changed[0]));
    expect(digestOf([changed])).not.toBe(digestOf([fields]));
  });

  test.prop([fc.array(event, { minLength: 1, maxLength: 30 }), fc.nat()])(
    "changes when an event is missing",
    (events, which) => {
      expect(digestOf(events.toSpliced(which % events.length, 1))).not.toBe(digestOf(events));
    },
  );
});
