/** Setters that store two words, checkers that must not see only one of them (SCTBench). Fails. */

import type { Body } from "../../src/explore/bare/request.ts";
import { type BenchProgram, define } from "./define.ts";

export const reorder: BenchProgram = define(
  "reorder",
  { setters: 2, checkers: 1 },
  ({ setters, checkers }) =>
    (bare) => {
      const a = bare.word(0, "a");
      const b = bare.word(0, "b");
      const setter: Body = function* () {
        yield* bare.store32(a, 1);
        yield* bare.store32(b, -1);
      };
      const checker: Body = function* () {
        const none = (yield* bare.load32(a)) === 0 && (yield* bare.load32(b)) === 0;
        const holds = none || ((yield* bare.load32(a)) === 1 && (yield* bare.load32(b)) === 0xffffffff);
        bare.check(holds, "only one of two stores was seen");
      };
      bare.thread(function* () {
        const children: number[] = [];
        for (let i = 0; i < setters; i++) children.push(yield* bare.spawn(setter));
        for (let i = 0; i < checkers; i++) children.push(yield* bare.spawn(checker));
        for (const child of children) yield* bare.join(child);
      }, "main");
    },
  ({ setters, checkers }) => ({ maxThreads: 1 + setters + checkers, bytes: 128 }),
);
