/** Tests that pass and fail, as interleave.test.ts says. */
import { expect } from "vitest";
import type { Bare } from "../../src/explore/index.ts";
import { interleave, test } from "../../src/vitest/index.ts";

function counter(threads: number, atomic: boolean): (bare: Bare) => void {
  return (bare) => {
    const x = bare.word(0, "x");
    for (let t = 0; t < threads; t++) {
      bare.thread(function* () {
        if (atomic) yield* bare.add32(x, 1);
        else yield* bare.store32(x, (yield* bare.load32(x)) + 1);
      });
    }
    bare.atEnd(() => bare.check(bare.peek32(x) === threads, "an update was lost"));
  };
}

test("a plain test", () => expect(1).toBe(1));
test.interleave("correct", counter(3, true));
test.interleave("broken", counter(2, false));
test.interleave("too large", counter(4, true), { maxExecutions: 3 });
test.interleave("incomplete", counter(4, true), { maxExecutions: 3, incomplete: true });
interleave("sampled", counter(3, true), { strategy: "random", maxExecutions: 20 });
interleave("bad option", counter(2, true), { maxSteps: 0 });
