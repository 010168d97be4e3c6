// Anything has a text, also what `String()` throws for.
import { expect, test } from "vitest";
import { textOf } from "../../src/diagnostics/text-of.ts";

test.each([
  [new TypeError("wrong"), "TypeError: wrong"],
  [Symbol("one"), "Symbol(one)"],
  [undefined, "undefined"],
  [Object.create(null), "object"],
])("%#", (value, text) => {
  expect(textOf(value)).toBe(text);
});

test("of one whose own text throws it is what it is", () => {
  const value = {
    toString() {
      throw new Error("no text");
    },
  };
  expect(textOf(value)).toBe("object");
});
