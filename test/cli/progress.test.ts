// The line that says how far a command is.
import { describe, expect, test } from "vitest";
import { formatRate, formatSeconds, type Progressing, ProgressLine } from "../../src/cli/progress.ts";
import { Sequence } from "../../src/cli/sequence.ts";

const ERASE = "\r\u001b[K";

/** A terminal on which time stands at `ms` until it is told otherwise. */
function terminal(columns?: number, isTTY = true) {
  const seen = { text: "", ms: 0 };
  const write = (text: string): void => {
    seen.text += text;
  };
  const io = {
    stdout: { write },
    stderr: { write, isTTY, columns },
    clock: () => seen.ms,
    turn: async () => {},
    onSignal: () => () => {},
    openProbes: () => {
      throw new Error("nothing to measure here");
    },
  };
  return { seen, line: new ProgressLine(io) };
}

describe("the line", () => {
  /** What it says `ms` after `before` became `after`. */
  function drawn(ms: number, before: Progressing, now: Progressing, columns?: number): string {
    const { seen, line } = terminal(columns);
    const work = { ...before };
    line.begin("at work", work);
    Object.assign(work, now);
    seen.ms = ms;
    line.draw();
    return seen.text;
  }

  test.each<[string, Progressing, Progressing, string]>([
    ["the share and the time left", { progress: 0 }, { progress: 0.25 }, "25 %, 12 s left"],
    ["no time left that nobody knows", { progress: 0 }, { progress: 0 }, "0 %"],
    ["nor one that has hardly begun", { progress: 0 }, { progress: 0.004 }, "0 %"],
    ["nor one that is over", { progress: 0 }, { progress: 1 }, "100 %"],
    [
      "the rate of this run alone",
      { progress: 0.5, done: { count: 1000, thing: "shard" } },
      { progress: 0.75, done: { count: 1400, thing: "shard" } },
      "1400 shards, 100/s, 75 %, 4 s left",
    ],
    [
      "no share that nobody knows",
      { progress: 0, done: { count: 0, thing: "execution" } },
      { progress: 0, done: { count: 1, thing: "execution" } },
      "1 execution, 0.25/s",
    ],
    ["a note", { progress: 0 }, { progress: 0.5, note: "3 workers" }, "50 %, 4 s left, 3 workers"],
  ])("tells %s", (_, before, now, text) => {
    expect(drawn(4000, before, now)).toBe(`${ERASE}at work: ${text}`);
  });

  test("waits two seconds, and is for terminals only", () => {
    const half = { progress: 0.5 };
    expect(drawn(1999, half, half)).toBe("");
    expect(drawn(2000, half, half)).not.toBe("");
    const { seen, line } = terminal(80, false);
    seen.ms = 9000;
    line.draw();
    line.erase();
    expect(seen.text).toBe("");
  });

  test("is never wrapped", () => {
    const wordy = { progress: 0.5, note: "word ".repeat(30) };
    expect(drawn(4000, wordy, wordy)).toHaveLength(ERASE.length + 79);
    expect(drawn(4000, wordy, wordy, 40)).toHaveLength(ERASE.length + 39);
    expect(drawn(4000, wordy, wordy, 0)).toHaveLength(ERASE.length + 79);
  });

  test("is erased once", () => {
    const { seen, line } = terminal();
    seen.ms = 3000;
    line.draw();
    seen.text = "";
    line.erase();
    line.erase();
    expect(seen.text).toBe(ERASE);
  });
});

test.each([
  [0.254, "0.254/s"],
  [12, "12/s"],
  [999, "999/s"],
  [1000, "1.00 k/s"],
  [31_240, "31.2 k/s"],
  [999_499, "999 k/s"],
  [999_500, "1.00 M/s"],
  [7_654_321_000, "7654 M/s"],
])("a rate of %f a second reads %s", (rate, text) => {
  expect(formatRate(rate)).toBe(text);
});

test.each([
  [0.1, "1 s"],
  [59.5, "1 min 0 s"],
  [125, "2 min 5 s"],
  [3599, "59 min 59 s"],
  [12_000, "3 h 20 min"],
])("%f seconds read %s", (seconds, text) => {
  expect(formatSeconds(seconds)).toBe(text);
});

test("a sequence begins a part when its turn comes, and is as far as its parts together", () => {
  const begun: string[] = [];
  const part = (note: string) => ({
    note,
    begin: () => {
      begun.push(note);
      let steps = 0;
      return {
        get progress() {
          return steps / 2;
        },
        advance: () => ++steps === 2,
        result: () => `${note} done`,
      };
    },
  });
  const sequence = new Sequence([part("one"), part("two")]);
  const seen: unknown[] = [];
  const step = (): void => {
    const ended = sequence.advance(() => false);
    seen.push([ended, sequence.progress, sequence.note, begun.length, sequence.current !== undefined]);
  };
  for (let at = 0; at < 4; at++) step();
  expect(seen).toEqual([
    [false, 0.25, "one", 1, true],
    [false, 0.5, "two", 1, false],
    [false, 0.75, "two", 2, true],
    [true, 1, "two", 2, false],
  ]);
  expect(sequence.results).toEqual(["one done", "two done"]);
});
