/** A check of the balance, a deposit and a withdrawal, each under one mutex (SCTBench). Fails. `locals`: see as-compiled.ts. */

import type { Addr } from "../../src/atomics/address.ts";
import type { Body } from "../../src/explore/bare/request.ts";
import { inThread, localSteps, STRAIGHT } from "./as-compiled.ts";
import { type BenchProgram, define } from "./define.ts";

export const account: BenchProgram = define("account", { locals: 0 }, ({ locals }) => (bare) => {
  const balance = bare.word(1, "balance");
  const deposited = bare.word(0, "deposited");
  const withdrawn = bare.word(0, "withdrawn");
  const mutex = bare.mutex();
  const local = localSteps(bare, 4, locals);
  const check: Body = function* (self) {
    yield* bare.lock(mutex);
    if ((yield* bare.load32(deposited)) === 1 && (yield* bare.load32(withdrawn)) === 1) {
      const right = ((yield* bare.load32(balance)) | 0) === 1 - 2 - 4;
      if (local !== undefined) yield* local(self, 3);
      bare.check(right, "the balance is wrong");
    }
    yield* bare.unlock(mutex);
  };
  const change = (by: number, done: Addr): Body =>
    function* (self) {
      yield* bare.lock(mutex);
      const before = yield* bare.load32(balance);
      if (local !== undefined) yield* local(self, 1);
      yield* bare.store32(balance, before + by);
      yield* bare.store32(done, 1);
      yield* bare.unlock(mutex);
    };

  bare.thread(function* (main) {
    const children: number[] = [];
    for (const body of [check, change(2, deposited), change(-4, withdrawn)]) {
      children.push(yield* bare.spawn((self) => inThread(local, self, body(self, 0))));
      if (local !== undefined) yield* local(main, STRAIGHT.after);
    }
    for (const child of children) {
      if (local !== undefined) yield* local(main, STRAIGHT.join);
      yield* bare.join(child);
    }
  }, "main");
});
