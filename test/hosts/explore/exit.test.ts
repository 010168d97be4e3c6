/** A task that has ended leaves its CPU before anybody can have its tid. */
import { expect, test } from "vitest";
import { explore, kernelProgram } from "../../../src/explore/index.ts";

test("a tid that is used again is nobody's on another CPU", () => {
  const program = kernelProgram(
    (machine) => {
      const dead = machine.spawn(function* (env) {
        yield* env.sys.exit(0);
      });
      machine.spawn(function* (env) {
        yield* env.sys.join(dead);
        const reused = yield* env.spawn(function* (inner) {
          yield* inner.sys.schedYield();
        });
        if (reused !== dead) throw new Error("the tid is another");
      });
    },
    { vcpus: 3, maxTasks: 2 },
  );
  const { violations } = explore(program, { strategy: "delays", maxExecutions: 300 });
  expect(violations).toEqual([]);
});
