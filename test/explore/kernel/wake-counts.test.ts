/** FUTEX_WAKE counts those whose wait it ended, under every interleaving: a waker may come between queueing and the look at the word. */
import { expect, test } from "vitest";
import { explore, kernelProgram } from "../../../src/explore/index.ts";

test("a wake-up is counted if and only if a wait says that it was woken", () => {
  const seen = new Set<string>();
  const program = kernelProgram(
    (machine) => {
      const word = machine.allocate(64);
      let [waited, woken] = [0, 0];
      const waiter = machine.spawn(function* (env) {
        waited = yield* env.sys.futexWait(word, 0);
      });
      const waker = machine.spawn(function* (env) {
        yield* env.memory.store32(word, 1);
        woken = yield* env.sys.futexWake(word, 1);
      });
      machine.spawn(function* (env) {
        for (const tid of [waiter, waker]) yield* env.sys.join(tid);
        seen.add(`${waited} ${woken}`);
        if ((waited === 0) !== (woken === 1)) throw new Error(`waited ${waited}, woken ${woken}`);
      });
    },
    { vcpus: 3 },
  );
  const { complete, violations } = explore(program);
  expect(violations).toEqual([]);
  expect(complete).toBe(true);
  expect([...seen].sort()).toEqual(["-11 0", "0 1"]);
});
