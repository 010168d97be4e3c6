/**
 * Linux's old lock for readers and writers: a reader takes one of many places, a writer all of them; who finds too few gives them
 * back and waits. `both` threads read and then write.
 */
import type { Coroutine } from "../../src/atomics/step.ts";
import { criticalSection } from "./critical-section.ts";
import { type BenchProgram, define } from "./define.ts";

const PLACES = 0x100000;

export const rwlock: BenchProgram = define(
  "rwlock",
  { readers: 1, writers: 1, both: 0, cut: 0 },
  ({ readers, writers, both, cut }) =>
    (bare) => {
      const free = bare.word(PLACES, "free");
      const data = bare.word(0, "data");
      function* take(places: number, enough: (free: number) => boolean): Coroutine<void> {
        while (!enough((yield* bare.add32(free, -places)) | 0)) {
          yield* bare.add32(free, places);
          if (cut !== 0) yield* bare.cut();
          yield* bare.until(free, (value) => enough(value | 0));
        }
      }
      function* read(): Coroutine<void> {
        yield* take(1, (value) => value > 0);
        yield* bare.load32(data);
        yield* bare.add32(free, 1);
      }
      function* write(self: number): Coroutine<void> {
        yield* take(PLACES, (value) => value === PLACES);
        yield* criticalSection(bare, data, self);
        yield* bare.add32(free, PLACES);
      }
      for (let i = 0; i < writers; i++) bare.thread(write);
      for (let i = 0; i < readers; i++) bare.thread(read);
      for (let i = 0; i < both; i++) {
        bare.thread(function* (self) {
          yield* read();
          yield* write(self);
        });
      }
    },
);
