// Errors on their way between a host thread and its task: whatever is thrown arrives, as far as there is room.
import { describe, expect, test } from "vitest";
import { TEXT_BYTES } from "../../../src/hosts/threads/vcpu/host-task-words.ts";
import { MachineError } from "../../../src/kernel-sim/errors.ts";
import { packError, unpackError } from "../../../src/machine/threads/host-tasks/errors.ts";

/** There and back. */
function carried(error: unknown): unknown {
  const bytes = packError(error);
  expect(bytes.length).toBeLessThanOrEqual(TEXT_BYTES);
  return unpackError(bytes);
}

describe("what is thrown fits", () => {
  test("a long text in characters of two bytes, of an error or by itself", () => {
    const text = "€".repeat(5000);
    expect(carried(new Error(text))).toMatchObject({ name: "Error", message: text.slice(0, 1024) });
    expect(carried(text)).toBe(text.slice(0, 1024));
  });

  test("an error of ours keeps its class and code, however long it is", () => {
    const error = Object.assign(new MachineError("ERR_CONFIG", "€".repeat(2000)), { more: "x".repeat(9000) });
    const got = carried(error);
    expect(got).toBeInstanceOf(MachineError);
    expect(got).toMatchObject({ code: "ERR_CONFIG", message: "€".repeat(1024) });
    expect(got).not.toHaveProperty("more");
  });

  test("a name and a code that are no names", () => {
    const long = Object.assign(new Error("x"), { name: "n".repeat(9000), code: "c".repeat(9000) });
    expect(carried(long)).toMatchObject({ name: "n".repeat(64), code: "c".repeat(64), message: "x" });
  });

  test("what has no text, and a stack that is none", () => {
    expect(carried(Object.assign(Object.create(null), { f() {} }))).toBe("object");
    expect(carried(Object.assign(new Error("x"), { stack: 5 }))).toMatchObject({ message: "x" });
    expect(carried(undefined)).toBeUndefined();
  });

  test("an error of the language as it was", () => {
    const error = new RangeError("too far", { cause: 3 });
    expect(carried(error)).toEqual(error);
    expect(carried(error)).toBeInstanceOf(RangeError);
  });
});
