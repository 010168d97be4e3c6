/** Pipes against what a pipe is: every byte once, in order, and nobody is forgotten. */
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { offsetBy } from "../../src/atomics/address.ts";
import type { Tid } from "../../src/kernel-sim/ids.ts";
import { boot, runMain } from "../../test/support/boot.ts";
import { peek, poke } from "../../test/support/inspect.ts";
import { anyMachine } from "./arbitraries.ts";

const lengths = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 20 });
const pauses = fc.array(fc.nat(5_000), { minLength: 1, maxLength: 10 });

describe("one writer and one reader", () => {
  test.prop([anyMachine, fc.integer({ min: 1, max: 40 }), lengths, lengths, pauses])(
    "move a stream of bytes, however it is cut on either side",
    (config, pipeBytes, writes, reads, sleeps) => {
      const total = writes.reduce((a, b) => a + b, 0);
      const sent = Array.from({ length: total }, (_, index) => (index * 31 + 7) & 255);
      const received: number[] = [];
      const { value } = runMain(
        function* (env, machine) {
          const fd = yield* env.sys.pipe();
          const from = env.allocate(1024);
          const into = env.allocate(64);
          poke(machine, from, sent);
          const writer = yield* env.spawn(function* (own) {
            let at = 0;
            for (const [index, length] of writes.entries()) {
              if ((yield* own.sys.write(fd + 1, offsetBy(from, at), length)) !== length) return 1;
              at += length;
              yield* own.sys.nanosleep(sleeps[index % sleeps.length]!);
            }
            yield* own.sys.close(fd + 1);
            return 0;
          });
          for (let turn = 0; ; turn++) {
            const count = yield* env.sys.read(fd, into, reads[turn % reads.length]!);
            if (count <= 0) break;
            received.push(...peek(machine, into, count));
          }
          return yield* env.sys.join(writer);
        },
        { ...config, pipeBytes },
      );
      expect(value).toBe(0);
      expect(received).toEqual(sent);
    },
  );
});

describe("many writers and readers", () => {
  const group = fc.array(fc.record({ length: fc.integer({ min: 1, max: 9 }), delay: fc.nat(3_000) }), {
    minLength: 1,
    maxLength: 6,
  });

  test.prop([anyMachine, fc.integer({ min: 1, max: 12 }), group, group, fc.integer({ min: 1, max: 6 })])(
    "all end, and together get every byte",
    (config, pipeBytes, writers, readers, rounds) => {
      const { machine } = boot({ ...config, pipeBytes });
      const buffer = machine.allocate(64);
      let [sent, received] = [0, 0];
      machine.spawn(function* (env) {
        const fd = yield* env.sys.pipe();
        const ends: Tid[] = [];
        const started: Tid[] = [];
        for (const { length, delay } of readers) {
          ends.push(
            yield* env.spawn(function* (own) {
              for (;;) {
                yield* own.sys.nanosleep(delay);
                const count = yield* own.sys.read(fd, buffer, length);
                if (count <= 0) return;
                received += count;
              }
            }),
          );
        }
        for (const { length, delay } of writers) {
          started.push(
            yield* env.spawn(function* (own) {
              for (let round = 0; round < rounds; round++) {
                yield* own.sys.nanosleep(delay);
                const count = yield* own.sys.write(fd + 1, buffer, length);
                sent += count;
              }
            }),
          );
        }
        for (const tid of started) yield* env.sys.join(tid);
        yield* env.sys.close(fd + 1);
        for (const tid of ends) yield* env.sys.join(tid);
      });
      // A forgotten reader or writer would be a deadlock.
      machine.run();
      expect(sent).toBe(rounds * writers.reduce((sum, { length }) => sum + length, 0));
      expect(received).toBe(sent);
    },
  );
});
