// Files to be compared: what they may hold, and which of them belong together.
import { describe, expect, test } from "vitest";
import { MeasurementError, parseMeasurements } from "../../../src/bench/compare/measurements.ts";
import { pairUp } from "../../../src/bench/compare/pairs.ts";

function series(name: string, values: readonly number[]) {
  return { name, unit: "ns", better: "lower", values };
}

const PIPE = { workload: "pipe", wake: "any", vcpus: 2, seed: 1, nsPerOp: 5, exact: true };

function parse(value: unknown) {
  return parseMeasurements(JSON.stringify(value), "f");
}

describe("a file", () => {
  test("is a document of umcg bench: name, configuration, metrics", () => {
    const [one] = parse({ ...PIPE, metrics: [series("hand-off", [5])] });
    expect(one).toEqual({
      name: "pipe",
      configuration: { wake: "any", vcpus: 2 },
      series: [series("hand-off", [5])],
      exact: true,
    });
  });

  test("or several, of which those of one configuration are repetitions", () => {
    const all = parse([
      { ...PIPE, metrics: [series("hand-off", [5])] },
      { ...PIPE, seed: 2, exact: false, metrics: [series("hand-off", [6, 7])] },
      { ...PIPE, wake: "sync", metrics: [series("hand-off", [9])] },
    ]);
    expect(all.map((one) => [one.series[0]!.values, one.exact])).toEqual([
      [[5, 6, 7], false],
      [[9], true],
    ]);
  });

  test("or lines of the scripts under bench/, of which those of one name are repetitions", () => {
    const text = `{"name":"sim/a","value":3.5,"unit":"ns","ratio":2}
{"name":"sim/b","value":9,"unit":"1/s"}

{"name":"sim/a","value":4,"unit":"ns","ratio":1.9}
`;
    expect(parseMeasurements(text, "f").map(({ name, series: [only] }) => [name, only])).toEqual([
      ["sim/a", { name: "", unit: "ns", better: "lower", values: [3.5, 4] }],
      ["sim/b", { name: "", unit: "1/s", better: "higher", values: [9] }],
    ]);
  });

  test.each([
    ["", "no measurement is in it"],
    ["[]", "no measurement is in it"],
    ["{", "line 1 is no JSON"],
    ['{"name":"a","value":1}\nx', "line 2 is no JSON"],
    ["7", "the document is no object"],
    ["[null]", "the document is no object"],
    ["[{}, 7]", "[0] has no name"],
    ['{"value": 7}', "the document has no name"],
    ['{"workload": "pipe"}', "has neither metrics nor a value"],
    ['{"name": "a", "value": "7"}', "has neither metrics nor a value"],
    ['{"name": "a", "metrics": 7}', "has metrics that are no list"],
    ['{"name": "a", "metrics": [null]}', "has no name, unit and values in metrics[0]"],
    ['{"name": "a", "metrics": [{"name":"m","unit":"ns","values":[]}]}', "in metrics[0]"],
    ['{"name": "a", "metrics": [{"name":"m","unit":"ns","values":["1"]}]}', "in metrics[0]"],
    [
      '{"name": "a", "metrics": [{"name":"m","unit":"ns","values":[1],"better":"up"}]}',
      'says better: "up" in metrics[0], not "lower" or "higher"',
    ],
  ])("%s is none", (text, message) => {
    expect(() => parseMeasurements(text, "f")).toThrow(MeasurementError);
    expect(() => parseMeasurements(text, "f")).toThrow(`"f": `);
    expect(() => parseMeasurements(text, "f")).toThrow(message);
  });
});

describe("two files", () => {
  const of = (more: object, ...values: number[]) => ({ ...PIPE, ...more, metrics: [series("m", values)] });

  test("are paired by name and metric, and their configurations compared", () => {
    const a = parse([of({}, 1), of({ workload: "gone" }, 2)]);
    const b = parse([of({ workload: "new" }, 3), of({ wake: "sync", exact: false }, 4)]);
    expect(pairUp(a, b)).toEqual({
      pairs: [{ name: "pipe m", a: series("m", [1]), b: series("m", [4]), exact: false }],
      onlyA: ["gone"],
      onlyB: ["new"],
      differences: ["pipe: wake any, there sync"],
    });
  });

  test("of a matrix are paired in order, and named by what varies", () => {
    const matrix = parse([of({}, 1), of({ wake: "sync" }, 2), of({ wake: "sync", profile: "guest" }, 3)]);
    const { pairs, onlyA, onlyB } = pairUp(matrix, matrix);
    expect(pairs.map(({ name, b }) => [name, b.values[0]])).toEqual([
      ["pipe undefined any m", 1],
      ["pipe undefined sync m", 2],
      ["pipe guest sync m", 3],
    ]);
    expect([onlyA, onlyB]).toEqual([[], []]);
  });

  test("may lack metrics of each other", () => {
    const a = parse({ ...PIPE, metrics: [series("m", [1]), series("gone", [1])] });
    expect(pairUp(a, parse(of({}, 2))).pairs).toHaveLength(1);
  });
});
