/** A deposit, a withdrawal and a check of the balance, each under one mutex (SCTBench). Fails. */

import type { Addr } from "../../src/atomics/address.ts";
import type { Body } from "../../src/explore/bare/request.ts";
import { type BenchProgram, define } from "./define.ts";

export const account: BenchProgram = define("account", {}, () => (bare) => {
  const balance = bare.word(1, "balance");
  const deposited = bare.word(0, "deposited");
  const withdrawn = bare.word(0, "withdrawn");
  const mutex = bare.mutex();
  const check: Body = function* () {
    yield* bare.lock(mutex);
    if ((yield* bare.load32(deposited)) === 1 && (yield* bare.load32(withdrawn)) === 1) {
      bare.check(((yield* bare.load32(balance)) | 0) === 1 - 2 - 4, "the balance is wrong");
    }
    yield* bare.unlock(mutex);
  };
  const change = (by: number, done: Addr): Body =>
    function* () {
      yield* bare.lock(mutex);
      yield* bare.store32(balance, (yield* bare.load32(balance)) + by);
      yield* bare.store32(done, 1);
      yield* bare.unlock(mutex);
    };

  bare.thread(function* () {
    const children: number[] = [];
    for (const body of [check, change(2, deposited), change(-4, withdrawn)])
      children.push(yield* bare.spawn(body));
    for (const child of children) yield* bare.join(child);
  }, "main");
});
