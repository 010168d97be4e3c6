/** Pure programs are learned while they run (src/explore/bare/memo.ts). */
import { describe, expect, it, vi } from "vitest";
import { systemOf } from "../../bench/programs/define.ts";
import { PROGRAMS } from "../../bench/programs/registry.ts";
import { offsetBy } from "../../src/atomics/address.ts";
import type { Coroutine } from "../../src/atomics/step.ts";
import {
  type Bare,
  BareSystem,
  bareProgram,
  explore,
  makeStrategy,
  NondeterminismError,
  type Program,
  type StrategyName,
} from "../../src/explore/index.ts";

/** What a strategy makes of a program, as texts. */
function executions(
  makeSystem: (pure: boolean) => BareSystem,
  pure: boolean,
  strategy: StrategyName,
  most: number,
): string[] {
  const system = makeSystem(pure);
  const search = makeStrategy(system, { strategy, seed: 1, maxSteps: 200 });
  const made: string[] = [];
  do {
    const ended = search.execute();
    const schedule = search.schedule();
    system.finish();
    const wrong = system.violations.map(({ message }) => message);
    made.push(`${ended} ${schedule} ${search.signature} ${system.stateHash()} ${wrong}`);
  } while (search.advance() && made.length < most);
  return made;
}

function expectSame(makeSystem: (pure: boolean) => BareSystem, strategy: StrategyName, most: number): void {
  expect(executions(makeSystem, true, strategy, most)).toEqual(executions(makeSystem, false, strategy, most));
}

function same(program: Program, most = 300): void {
  const makeSystem = (pure: boolean): BareSystem => new BareSystem(program, { pure });
  for (const strategy of ["optimal", "random", "naive"] as const) expectSame(makeSystem, strategy, most);
}

describe("executions of what was learned are those of the program", () => {
  it.each([...PROGRAMS.keys()])("%s", (name) => {
    const { make, options, parameters } = PROGRAMS.get(name)!;
    const makeSystem = (pure: boolean): BareSystem =>
      new BareSystem(make(parameters), { ...options(parameters), pure });
    for (const strategy of ["optimal", "surw"] as const) expectSame(makeSystem, strategy, 30);
  });

  it("with words of 64 bits and copies", () =>
    same((bare) => {
      const wide = bare.long(5n);
      const pair = bare.array(2);
      for (let t = 0; t < 2; t++) {
        bare.thread(function* (self) {
          const found = yield* bare.load64(wide);
          const swapped = yield* bare.cmpxchg64(wide, 5n, found + BigInt(self) + (1n << 40n));
          const seen = swapped === 0 ? 0n : bare.observed64;
          const before = yield* bare.xchg64(wide, seen + 1n);
          yield* bare.store32(offsetBy(pair, 4 * self), Number(before & 0xffn));
          const both = new Uint8Array(8);
          yield* bare.copyOut(pair, both);
          yield* bare.copyIn(
            pair,
            both.map((byte) => byte + 1),
          );
          yield* bare.store64(wide, BigInt(both[0]! + both[4]!));
          return both[0]! * 256 + both[4]!;
        });
      }
    }));

  it("with awaits of what a variable says, which changes", () =>
    same((bare) => {
      const x = bare.word();
      bare.thread(function* () {
        let last: number = 0;
        for (let i = 0; i < 3; i++) last = yield* bare.until(x, (value) => value !== last);
        return last;
      });
      bare.thread(function* () {
        for (const value of [1, 0, 2, 3]) yield* bare.store32(x, value);
      });
    }));

  it("with children that look at variables of their parent when they begin", () =>
    same((bare) => {
      const x = bare.word();
      bare.thread(function* () {
        let round: number = yield* bare.load32(x);
        for (let i = 0; i < 2; i++) {
          yield* bare.spawn(function* () {
            const mine = round;
            yield* bare.add32(x, 1 + mine);
            return mine * 16 + (yield* bare.load32(x));
          });
          round += 1 + (yield* bare.load32(x));
        }
      });
      bare.thread(function* () {
        yield* bare.add32(x, 4);
      });
    }));

  it("with what goes wrong in them", () =>
    same((bare) => {
      const x = bare.word();
      for (let t = 0; t < 3; t++) {
        bare.thread(function* (): Coroutine<void> {
          const seen = yield* bare.add32(x, 1);
          if (seen === 0 && t === 1) throw new TypeError("not you");
          if (seen === 1 && t === 2) yield "foreign" as unknown as number;
          if (seen === 2 && t === 0) yield* bare.load32(offsetBy(x, 2));
          bare.check((yield* bare.load32(x)) !== 2, "two");
        });
      }
    }));

  it("with more than is kept", () => {
    // Each execution has answers that no other had.
    const program: Program = (bare) => {
      const x = bare.word();
      for (let t = 0; t < 2; t++) {
        bare.thread(function* (self) {
          let seen = 0;
          for (let i = 0; i < 100; i++) seen = yield* bare.xchg32(x, Math.imul(seen, 31) + 2 * i + self);
          return seen;
        });
      }
    };
    expectSame((pure) => new BareSystem(program, { pure }), "random", 600);
  });
});

describe("generators are made", () => {
  /** Runs of bodies in so many executions. */
  function runs(pure: boolean, most: number): number {
    let begun = 0;
    const program = (bare: Bare): void => {
      const x = bare.word();
      for (let t = 0; t < 2; t++) {
        bare.thread(function* () {
          begun++;
          yield* bare.store32(x, (yield* bare.load32(x)) + 1);
        });
      }
    };
    explore(bareProgram(program, { pure }), { strategy: "random", maxExecutions: most });
    return begun;
  }

  it("for each execution of a program that declares nothing", () => {
    expect(runs(false, 1_024)).toBeGreaterThan(2_048);
  });

  it("a few times to learn, and now and then to compare", () => {
    expect(runs(true, 1_024)).toBeLessThan(120);
    // Numbers 256, 512 ... are made with them.
    expect(runs(true, 11_264) - runs(true, 1_024)).toBeGreaterThanOrEqual(2 * 40);
  });
});

it("a search goes back over the steps that executions do not share", () => {
  function steps(pure: boolean): number {
    const system = systemOf(PROGRAMS.get("fib_bench")!, {}, { pure });
    const step = vi.spyOn(system, "step");
    const search = makeStrategy(system, { strategy: "optimal", seed: 1, maxSteps: 100 });
    do search.execute();
    while (search.advance());
    return step.mock.calls.length;
  }
  expect(steps(true)).toBeLessThan(0.75 * steps(false));
});

describe("a program that is not what it declares", () => {
  it("is found out by an execution that is made with generators", () => {
    let calls = 0;
    const program = (bare: Bare): void => {
      const x = bare.word(0, "x");
      bare.thread(function* () {
        yield* bare.store32(x, calls++ < 9 ? 1 : 2);
        yield* bare.load32(x);
      }, "a");
      bare.thread(function* () {
        yield* bare.load32(x);
      }, "b");
    };
    const told = () => explore(bareProgram(program, { pure: true }), { strategy: "random" });
    expect(told).toThrow(NondeterminismError);
    calls = 0;
    expect(told).toThrow(
      /^the program is nondeterministic: what a does next is not what it was after the same answers: it is now "store x, 2" at .*memo\.test\.ts:\d+:\d+, and was "store x, 1"; schedule ""$/,
    );
  });

  it("is found out whenever that is asked for", () => {
    let value = 1;
    const system = new BareSystem(
      (bare) => {
        const x = bare.word(0, "x");
        bare.thread(function* () {
          yield* bare.load32(x);
          yield* bare.store32(x, value);
        });
      },
      { pure: true },
    );
    const walk = makeStrategy(system, { strategy: "random", seed: 1, maxSteps: 10 });
    for (let i = 0; i < 3; i++) walk.execute();
    value = 2;
    // Number 3 is made by what was learned.
    walk.execute();
    system.checkNext();
    const told = 'is now "store x, 2" at FILE, and was "store x, 1"; schedule "0"';
    expect(() => walk.execute()).toThrow(new RegExp(told.replace("FILE", "\\S+")));
  });
});
