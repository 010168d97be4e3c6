/** Setters that store two words, checkers that must not see only one of them (SCTBench). Fails. `locals`: see as-compiled.ts. */

import type { Body } from "../../src/explore/bare/request.ts";
import { AT_BEGIN, AT_END, IN_LOOP, localSteps } from "./as-compiled.ts";
import { type BenchProgram, define } from "./define.ts";

export const reorder: BenchProgram = define(
  "reorder",
  { setters: 2, checkers: 1, locals: 0 },
  ({ setters, checkers, locals }) =>
    (bare) => {
      const a = bare.word(0, "a");
      const b = bare.word(0, "b");
      const local = localSteps(bare, 1 + setters + checkers, locals);
      const setter: Body = function* (self) {
        if (local !== undefined) yield* local(self, AT_BEGIN);
        yield* bare.store32(a, 1);
        yield* bare.store32(b, -1);
        if (local !== undefined) yield* local(self, AT_END);
      };
      const checker: Body = function* (self) {
        if (local !== undefined) yield* local(self, AT_BEGIN);
        const none = (yield* bare.load32(a)) === 0 && (yield* bare.load32(b)) === 0;
        const holds = none || ((yield* bare.load32(a)) === 1 && (yield* bare.load32(b)) === 0xffffffff);
        bare.check(holds, "only one of two stores was seen");
        if (local !== undefined) yield* local(self, AT_END);
      };
      bare.thread(function* (self) {
        const children: number[] = [];
        for (let i = 0; i < setters + checkers; i++) {
          if (local !== undefined) yield* local(self, IN_LOOP.before);
          children.push(yield* bare.spawn(i < setters ? setter : checker));
          if (local !== undefined) yield* local(self, IN_LOOP.after);
        }
        for (const child of children) {
          if (local !== undefined) yield* local(self, IN_LOOP.join);
          yield* bare.join(child);
        }
      }, "main");
    },
  ({ setters, checkers }) => ({ maxThreads: 1 + setters + checkers, bytes: 128 + 8 * (setters + checkers) }),
);
