// Anything has a text, also what `String()` throws for.
import { expect, test } from "vitest";
import { messageOf, textOf } from "../../src/diagnostics/text-of.ts";

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

test.each([
  [new RangeError("too far"), "too far"],
  ["thrown as it is", "thrown as it is"],
  [Object.assign(new Error(), { message: Object.create(null) }), "object"],
  [Object.create(null), "object"],
])("of what is thrown there is a message: %#", (thrown, message) => {
  expect(messageOf(thrown)).toBe(message);
});

test("of an error whose message cannot be read it is what it is", () => {
  const error = Object.defineProperty(new Error(), "message", {
    get() {
      throw new Error("no message");
    },
  });
  expect(messageOf(error)).toBe("object");
});
