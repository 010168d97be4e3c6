// Which part of a value cannot be cloned.
import { expect, test } from "vitest";
import { whyNotCloned } from "../../src/diagnostics/uncloneable.ts";

test("what can be cloned is not complained about", () => {
  for (const value of [1, undefined, { list: [1n, new Map([[1, new Set([2])]])] }, new SharedArrayBuffer(8)])
    expect(whyNotCloned(value, "args")).toBe(undefined);
});

test("names the innermost part", () => {
  const part = (): number => 1;
  expect(whyNotCloned(part, "args")).toBe("args is a function, () => 1");
  expect(whyNotCloned({ a: { list: [1, 2, part] } }, "args")).toBe("args.a.list[2] is a function, () => 1");
  expect(whyNotCloned([{ b: Symbol("s") }], "args")).toBe("args[0].b is a symbol, Symbol(s)");
  expect(whyNotCloned(new Map([["k", part]]), "args")).toBe("args{k} is a function, () => 1");
  expect(whyNotCloned(new Map([[part, 1]]), "args")).toBe("args{key} is a function, () => 1");
  expect(whyNotCloned(new Set([part]), "args")).toBe("args{} is a function, () => 1");
  expect(whyNotCloned({ when: new WeakMap() }, "args")).toBe("args.when is [object WeakMap]");
});

test("a getter that throws, cycles and long texts do no harm", () => {
  const thrower = {
    get one(): number {
      throw new Error("no");
    },
  };
  expect(whyNotCloned({ thrower }, "args")).toBe("args.thrower is [object Object]");
  const cycle: Record<string, unknown> = {
    inner: {},
    last: () => "0123456789012345678901234567890123456789",
  };
  (cycle["inner"] as Record<string, unknown>)["outer"] = cycle;
  expect(whyNotCloned(cycle, "args")).toMatch(/^args(\.inner\.outer)*\S* is (a function|\[object Object\])/);
});
