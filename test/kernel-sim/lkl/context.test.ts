/** Switching from peer to peer: under every class of interleavings of two, under few switches of three. */
import { describe, expect, test } from "vitest";
import type { Coroutine } from "../../../src/atomics/step.ts";
import {
  awaitTurn,
  type CpuToken,
  giveTurn,
  LklCpus,
  layOutCpus,
  layOutTurns,
  switchTo,
  type TurnLayout,
} from "../../../src/kernel-sim/lkl/cpu/index.ts";
import { FOREVER } from "../../../src/kernel-sim/times.ts";
import { exploreKernel, type Kernel } from "./bare-cpus.ts";
import { explore, word } from "./explore.ts";

function turnsOf(kernel: Kernel): TurnLayout {
  // The words begin at a multiple of 64 only by chance, which costs a line and no more.
  return layOutTurns(kernel.bare.array(64), 4);
}

function must(token: CpuToken | string): CpuToken {
  if (typeof token === "string") throw new Error(token);
  return token;
}

describe("switching to a peer", () => {
  test("one of two is in at a time, and each turn is taken once, woken for nothing or not (I1, I12 to I14)", () => {
    const { outcomes } = exploreKernel(
      (kernel) => {
        const turns = turnsOf(kernel);
        kernel.holder(function* (cpus, self, first) {
          kernel.enter(0, self);
          kernel.leave(0, self);
          const token = must(yield* switchTo(cpus, turns, first, 2, FOREVER));
          expect(first.valid).toBe(false);
          kernel.enter(0, self);
          yield* kernel.bare.pause();
          kernel.leave(0, self);
          yield* cpus.put(token);
          kernel.tell(self, "done");
        });
        kernel.thread(function* (cpus, self) {
          const token = must(yield* awaitTurn(cpus, turns, 0, FOREVER));
          kernel.enter(0, self);
          yield* kernel.bare.pause();
          kernel.leave(0, self);
          yield* giveTurn(cpus, turns, token, 1);
          kernel.tell(self, "done");
        });
        kernel.bare.atEnd(() => kernel.bare.check(kernel.state() === 0, "it is not free"));
      },
      { faults: 1 },
    );
    expect(outcomes).toEqual(["1: done, 2: done"]);
  });

  test("who has waited long enough is told, and a turn that comes then is not lost", () => {
    const { outcomes } = exploreKernel((kernel) => {
      const turns = turnsOf(kernel);
      kernel.holder((cpus, _, token) => giveTurn(cpus, turns, token, 2));
      kernel.thread(function* (cpus, self) {
        const first = yield* awaitTurn(cpus, turns, 0, 1000);
        kernel.tell(self, typeof first === "string" ? first : "at once");
        yield* cpus.put(typeof first === "string" ? must(yield* awaitTurn(cpus, turns, 0, FOREVER)) : first);
      });
    });
    expect(outcomes).toEqual(["2: at once", "2: timed-out"]);
  });

  test("three in a ring on one CPU, while a fourth wants it", () => {
    const cpuLayout = layOutCpus(word(0), { threads: 4, irqLines: 1 });
    const turns = layOutTurns(word(256), 4);
    let inside = 0;
    let visits = 0;
    const ring = (next: number, first: boolean) =>
      function* ({ words }: { words: LklCpus["words"] }): Coroutine<void> {
        const cpus = new LklCpus(words, cpuLayout, function* () {});
        let token = must(yield* first ? cpus.get(0, FOREVER) : awaitTurn(cpus, turns, 0, FOREVER));
        for (let round = 0; round < 2; round++) {
          if (++inside !== 1) throw new Error("two are in");
          visits++;
          yield* words.memory.load32(turns.turns);
          inside--;
          const last = round === 1;
          if (!last) token = must(yield* switchTo(cpus, turns, token, next, FOREVER));
          else if (next !== 1) yield* giveTurn(cpus, turns, token, next);
          else yield* cpus.put(token);
        }
      };
    const visitor = function* ({ words }: { words: LklCpus["words"] }): Coroutine<void> {
      const cpus = new LklCpus(words, cpuLayout, function* () {});
      const token = must(yield* cpus.get(0, FOREVER));
      if (++inside !== 1) throw new Error("two are in");
      inside--;
      visits++;
      // The ring begins only when the first has the CPU.
      yield* cpus.put(token);
    };
    const count = explore(
      () => {
        inside = 0;
        visits = 0;
        return [ring(2, true), ring(3, false), ring(1, false), visitor];
      },
      () => expect(visits).toBe(7),
      { departures: 1, nudges: 1 },
    );
    expect(count).toBeGreaterThan(100);
  });

  test("not to oneself, not to nobody, not twice, not from a second level", () => {
    const cpuLayout = layOutCpus(word(0), { threads: 4 });
    const turns = layOutTurns(word(256), 4);
    explore(
      () => [
        function* ({ words }): Coroutine<void> {
          const cpus = new LklCpus(words, cpuLayout, function* () {});
          const outer = must(yield* cpus.get(0, FOREVER));
          for (const nobody of [1, 0, 5, 1.5]) {
            expect(yield* codeOf(giveTurn(cpus, turns, outer, nobody))).toBe("ERR_HOST_HANDLE");
          }
          const inner = must(yield* cpus.get(0, FOREVER));
          expect(yield* codeOf(giveTurn(cpus, turns, inner, 2))).toBe("ERR_DEPTH");
          yield* cpus.put(inner);
          yield* giveTurn(cpus, turns, outer, 2);
          expect(yield* codeOf(giveTurn(cpus, turns, outer, 2))).toBe("ERR_NOT_OWNER");
          expect(yield* awaitTurn(cpus, turns, 0, 1000)).toBe("timed-out");
        },
      ],
      () => {},
      { departures: 0 },
    );
  });
});

function* codeOf(body: Coroutine<unknown>): Coroutine<string> {
  try {
    yield* body;
    return "";
  } catch (error) {
    return String((error as { code?: unknown }).code);
  }
}
