/** Workers of bare mode: what is built of park, unpark and words, under every interleaving. */
import { describe, expect, test } from "vitest";
import { type Bare, bareAllocator, bareObject, bareWorker, explore } from "../../src/explore/index.ts";
import { Mutex } from "../../src/index.ts";

describe("workers in bare mode", () => {
  test("park until they are unparked, whoever comes first", () => {
    const { complete, violations } = explore((bare: Bare) => {
      const ready = bare.word(0, "ready");
      const sleeper = bareWorker(bare, function* (worker) {
        while ((yield* worker.memory.load32(ready)) === 0) yield* worker.park();
      });
      bareWorker(bare, function* (worker) {
        yield* worker.memory.store32(ready, 1);
        yield* worker.unpark(sleeper);
      });
    });
    expect([complete, violations]).toEqual([true, []]);
  });

  test("an unpark that comes before its reason is a deadlock, with the names of the workers", () => {
    const { violations } = explore((bare: Bare) => {
      const ready = bare.word(0, "ready");
      const sleeper = bareWorker(
        bare,
        function* (worker) {
          while ((yield* worker.memory.load32(ready)) === 0) yield* worker.park();
        },
        "sleeper",
      );
      bareWorker(bare, function* (worker) {
        yield* worker.unpark(sleeper);
        yield* worker.memory.store32(ready, 1);
      });
    });
    expect(violations[0]).toMatchObject({ kind: "deadlock", minimal: true });
    expect(violations[0]!.message).toMatch(/sleeper at wait sleeper\[/);
  });

  test("a deadline may pass, and says so", () => {
    const seen = new Set<unknown>();
    const { complete } = explore((bare: Bare) => {
      const sleeper = bareWorker(bare, function* (worker) {
        seen.add(yield* worker.parkUntil(1_000));
        seen.add(worker.now());
      });
      bareWorker(bare, (worker) => worker.unpark(sleeper));
    });
    expect(complete).toBe(true);
    expect([...seen].sort()).toEqual([0, 1_000, false, true]);
  });

  test("yield is a step that changes nothing: a polite loop ends when its word changes", () => {
    const { complete, violations } = explore(
      (bare: Bare) => {
        const flag = bare.word(0, "flag");
        bareWorker(bare, function* (worker) {
          while ((yield* worker.memory.load32(flag)) === 0) yield* worker.yield();
        });
        bareWorker(bare, function* (worker) {
          yield* worker.yield();
          yield* worker.memory.store32(flag, 1);
        });
      },
      { maxSteps: 200 },
    );
    expect([complete, violations]).toEqual([true, []]);
  });

  test("memory that is allocated in the lay-out is zero in each execution, and has a name", () => {
    const { violations } = explore((bare: Bare) => {
      const word = bareAllocator(bare, "mine").allocate(4);
      for (const name of ["a", "b"])
        bareWorker(
          bare,
          function* (worker) {
            const seen = yield* worker.memory.load32(word);
            yield* worker.memory.store32(word, seen + 1);
          },
          name,
        );
      bare.atEnd(() => bare.check(bare.peek32(word) === 2, "an update was lost"));
    });
    expect(violations[0]).toMatchObject({ message: "an update was lost", preemptions: 1 });
  });

  test("an object that wants more than its memory is told so", () => {
    expect(() =>
      explore((bare: Bare) => {
        bareObject(bare, 8, (allocator) => allocator.allocate(12));
        bareWorker(bare, (worker) => worker.yield());
      }),
    ).toThrow("an object of 8 bytes wants 16");
  });

  test("the library's own objects take its memory and its workers", () => {
    const { complete, violations } = explore((bare: Bare) => {
      const lock = bareObject(bare, 512, (allocator) => new Mutex(allocator));
      for (const name of ["a", "b"])
        bareWorker(
          bare,
          function* (worker) {
            yield* lock().lock(worker);
            yield* lock().unlock(worker);
          },
          name,
        );
    });
    expect([complete, violations]).toEqual([true, []]);
  });
});
