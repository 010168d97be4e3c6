/** pipe(2), read(2), write(2), close(2): what blocks, what is delivered to whom, and what is refused. */
import { describe, expect, test } from "vitest";
import { type Addr, addr, NULL, offsetBy } from "../../src/atomics/address.ts";
import { EAGAIN, EBADF, EFAULT, EINTR, EINVAL, EMFILE, EPIPE } from "../../src/atomics/errno.ts";
import type { Coroutine } from "../../src/atomics/step.ts";
import { O_NONBLOCK, SIGKILL, SIGUSR1 } from "../../src/kernel-sim/constants.ts";
import type { Tid } from "../../src/kernel-sim/ids.ts";
import { TRACE_SCHED_WAKING } from "../../src/trace/events.ts";
import type { Env, Program } from "../../src/umcg/env.ts";
import { evaluate, priceOf, runMain, timed } from "../support/boot.ts";
import { peek, poke, userEnd } from "../support/inspect.ts";

const LONG = 1_000_000;

/** What a reader or a writer saw. */
interface Seen {
  readonly who: string;
  readonly result: number;
}

function reader(fd: number, into: Addr, length: number, who: string, seen: Seen[]): Program {
  return function* (env) {
    seen.push({ who, result: yield* env.sys.read(fd, into, length) });
  };
}

function writer(fd: number, from: Addr, length: number, who: string, seen: Seen[]): Program {
  return function* (env) {
    seen.push({ who, result: yield* env.sys.write(fd, from, length) });
  };
}

/** Starts programs one after the other, each of which has blocked (or ended) when the next begins. */
function* startEach(env: Env, ...programs: readonly Program[]): Coroutine<Tid[]> {
  const tids: Tid[] = [];
  for (const program of programs) {
    tids.push(yield* env.spawn(program));
    yield* env.sys.nanosleep(LONG);
  }
  return tids;
}

function* joinAll(env: Env, tids: readonly Tid[]): Coroutine<void> {
  for (const tid of tids) yield* env.sys.join(tid);
}

describe("a transfer", () => {
  test("brings the bytes, in order, across the ring's end", () => {
    const received: number[] = [];
    const results = evaluate(
      function* (env, machine) {
        const fd = yield* env.sys.pipe();
        const buffer = env.allocate(64);
        const results: number[] = [];
        for (let round = 0; round < 20; round++) {
          poke(machine, buffer, [round, round + 1, round + 2]);
          results.push(yield* env.sys.write(fd + 1, buffer, 3));
          results.push(yield* env.sys.read(fd, offsetBy(buffer, 32), 3));
          received.push(...peek(machine, offsetBy(buffer, 32), 3));
        }
        return results;
      },
      { pipeBytes: 7 },
    );
    expect(results).toEqual(new Array(40).fill(3));
    expect(received).toEqual(Array.from({ length: 20 }, (_, round) => [round, round + 1, round + 2]).flat());
  });

  test("costs a system call on each side when nobody has to be woken", () => {
    const { machine, value } = runMain(function* (env) {
      const fd = yield* env.sys.pipe();
      const buffer = env.allocate(8);
      return [
        yield* timed(env, env.sys.write(fd + 1, buffer, 8)),
        yield* timed(env, env.sys.read(fd, buffer, 8)),
      ];
    });
    const ns = priceOf(machine, "syscallEntry", "syscallExit");
    expect(value).toEqual([
      { ns, value: 8 },
      { ns, value: 8 },
    ]);
  });

  test("reads what there is, at most what is asked for", () => {
    const counts = evaluate(function* (env) {
      const fd = yield* env.sys.pipe();
      const buffer = env.allocate(64);
      yield* env.sys.write(fd + 1, buffer, 10);
      const counts = [yield* env.sys.read(fd, buffer, 4), yield* env.sys.read(fd, buffer, 64)];
      return counts;
    });
    expect(counts).toEqual([4, 6]);
  });

  test("of nothing is 0 at once, on an empty, a full and a closed pipe", () => {
    const counts = evaluate(
      function* (env) {
        const fd = yield* env.sys.pipe();
        const buffer = env.allocate(8);
        const counts = [yield* env.sys.read(fd, buffer, 0)];
        yield* env.sys.write(fd + 1, buffer, 4);
        counts.push(yield* env.sys.write(fd + 1, NULL, 0));
        yield* env.sys.close(fd);
        counts.push(yield* env.sys.write(fd + 1, buffer, 0));
        return counts;
      },
      { pipeBytes: 4 },
    );
    expect(counts).toEqual([0, 0, 0]);
  });

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, (1 << 20) + 1])(
    "of %d bytes is -EINVAL",
    (length) => {
      const results = evaluate(function* (env) {
        const fd = yield* env.sys.pipe();
        const buffer = env.allocate(8);
        return [yield* env.sys.read(fd, buffer, length), yield* env.sys.write(fd + 1, buffer, length)];
      });
      expect(results).toEqual([-EINVAL, -EINVAL]);
    },
  );
});

describe("a blocking read", () => {
  test("ends when something is written, with part of what was asked for", () => {
    const seen: Seen[] = [];
    runMain(function* (env) {
      const fd = yield* env.sys.pipe();
      const buffer = env.allocate(64);
      const tids = yield* startEach(env, reader(fd, buffer, 64, "r", seen));
      expect(seen).toEqual([]);
      yield* env.sys.write(fd + 1, buffer, 5);
      yield* joinAll(env, tids);
    });
    expect(seen).toEqual([{ who: "r", result: 5 }]);
  });

  test("is served in turn: several readers, a write for each", () => {
    const seen: Seen[] = [];
    runMain(function* (env) {
      const fd = yield* env.sys.pipe();
      const buffer = env.allocate(64);
      const readers = ["a", "b", "c", "d"].map((who) => reader(fd, buffer, 1, who, seen));
      const tids = yield* startEach(env, ...readers);
      for (let i = 0; i < 4; i++) {
        yield* env.sys.write(fd + 1, buffer, 1);
        yield* env.sys.nanosleep(LONG);
      }
      yield* joinAll(env, tids);
    });
    expect(seen).toEqual(["a", "b", "c", "d"].map((who) => ({ who, result: 1 })));
  });

  test("passes the wake-up on: several readers, one write for all", () => {
    const seen: Seen[] = [];
    const { log, value } = runMain(function* (env) {
      const fd = yield* env.sys.pipe();
      const buffer = env.allocate(64);
      const readers = ["a", "b", "c"].map((who) => reader(fd, buffer, 2, who, seen));
      const tids = yield* startEach(env, ...readers);
      yield* env.sys.write(fd + 1, buffer, 5);
      yield* joinAll(env, tids);
      return tids;
    });
    const wakersOf = (tid: number): number[] =>
      log.all({ kind: TRACE_SCHED_WAKING, tid }).map(({ arg1 }) => arg1);
    expect(value!.map(wakersOf)).toEqual([[1], [value![0]], [value![1]]]);
    expect(seen).toEqual([
      { who: "a", result: 2 },
      { who: "b", result: 2 },
      { who: "c", result: 1 },
    ]);
  });

  test("passes the wake-up on by itself, though there are several writes before it runs", () => {
    const { log, value } = runMain(function* (env) {
      const fd = yield* env.sys.pipe();
      const buffer = env.allocate(64);
      const tids = yield* startEach(env, ...["a", "b"].map((who) => reader(fd, buffer, 1, who, [])));
      // One CPU: no reader runs between the writes.
      yield* env.sys.write(fd + 1, buffer, 1);
      yield* env.sys.write(fd + 1, buffer, 1);
      yield* joinAll(env, tids);
      return tids;
    });
    const [first, second] = value!;
    expect(log.single({ kind: TRACE_SCHED_WAKING, tid: first! }).arg1).toBe(1);
    expect(log.single({ kind: TRACE_SCHED_WAKING, tid: second! }).arg1).toBe(first);
  });

  test("is woken once by writes that find the pipe filled already", () => {
    const { log, value } = runMain(function* (env) {
      const fd = yield* env.sys.pipe();
      const buffer = env.allocate(64);
      const seen: Seen[] = [];
      const [tid] = yield* startEach(env, reader(fd, buffer, 64, "r", seen));
      for (let i = 0; i < 3; i++) yield* env.sys.write(fd + 1, buffer, 4);
      yield* env.sys.join(tid!);
      return { tid, seen };
    });
    expect(log.count({ kind: TRACE_SCHED_WAKING, tid: value!.tid! })).toBe(1);
    expect(value!.seen).toEqual([{ who: "r", result: 12 }]);
  });

  test("ends with 0 for everybody when the last writer closes, once the bytes are gone", () => {
    const seen: Seen[] = [];
    const end = evaluate(function* (env) {
      const fd = yield* env.sys.pipe();
      const buffer = env.allocate(64);
      const tids = yield* startEach(env, ...["a", "b"].map((who) => reader(fd, buffer, 8, who, seen)));
      yield* env.sys.close(fd + 1);
      yield* joinAll(env, tids);

      const other = yield* env.sys.pipe();
      yield* env.sys.write(other + 1, buffer, 3);
      yield* env.sys.close(other + 1);
      return [
        yield* env.sys.read(other, buffer, 2),
        yield* env.sys.read(other, buffer, 2),
        yield* env.sys.read(other, buffer, 2),
      ];
    });
    expect(seen).toEqual([
      { who: "a", result: 0 },
      { who: "b", result: 0 },
    ]);
    expect(end).toEqual([2, 1, 0]);
  });
});

describe("a blocking write", () => {
  test("goes on as readers make room, and returns when all is written", () => {
    const seen: Seen[] = [];
    const received: number[] = [];
    const bytes = Array.from({ length: 20 }, (_, i) => i + 100);
    runMain(
      function* (env, machine) {
        const fd = yield* env.sys.pipe();
        const from = env.allocate(64);
        const into = env.allocate(64);
        poke(machine, from, bytes);
        const tids = yield* startEach(env, writer(fd + 1, from, 20, "w", seen));
        // It fills the pipe whenever that is empty; the last time there are 4 bytes left.
        while (received.length < 20) {
          expect(seen).toEqual(received.length < 16 ? [] : [{ who: "w", result: 20 }]);
          const count = yield* env.sys.read(fd, into, 3);
          received.push(...peek(machine, into, count));
          yield* env.sys.nanosleep(LONG);
        }
        yield* joinAll(env, tids);
      },
      { pipeBytes: 8 },
    );
    expect(received).toEqual(bytes);
  });

  test("of up to PIPE_BUF bytes is in one piece: it waits for room for all of them, or is -EAGAIN", () => {
    const seen: Seen[] = [];
    const results = evaluate(
      function* (env, machine) {
        const fd = yield* env.sys.pipe();
        const buffer = env.allocate(64);
        poke(machine, buffer, [1, 2, 3, 4, 5, 6]);
        yield* env.sys.write(fd + 1, buffer, 4);
        const tids = yield* startEach(env, writer(fd + 1, buffer, 6, "whole", seen));
        expect(seen).toEqual([]);
        const counts = [yield* env.sys.read(fd, offsetBy(buffer, 32), 20)];
        yield* joinAll(env, tids);
        counts.push(yield* env.sys.read(fd, offsetBy(buffer, 32), 20));
        expect(peek(machine, offsetBy(buffer, 32), 6)).toEqual([1, 2, 3, 4, 5, 6]);

        const fast = yield* env.sys.pipe(O_NONBLOCK);
        for (const length of [5, 4, 3, 9]) counts.push(yield* env.sys.write(fast + 1, buffer, length));
        yield* env.sys.read(fast, buffer, 20);
        // More than fits into the pipe: as much as there is room for.
        counts.push(yield* env.sys.write(fast + 1, buffer, 20));
        return counts;
      },
      { pipeBytes: 8 },
    );
    expect(results).toEqual([4, 6, 5, -EAGAIN, 3, -EAGAIN, 8]);
  });

  test("passes the wake-up on: several writers, room for all at once", () => {
    const seen: Seen[] = [];
    runMain(
      function* (env) {
        const fd = yield* env.sys.pipe();
        const buffer = env.allocate(64);
        yield* env.sys.write(fd + 1, buffer, 4);
        const writers = ["a", "b", "c"].map((who) => writer(fd + 1, buffer, 1, who, seen));
        const tids = yield* startEach(env, ...writers);
        expect(seen).toEqual([]);
        yield* env.sys.read(fd, buffer, 4);
        yield* joinAll(env, tids);
      },
      { pipeBytes: 4 },
    );
    expect(seen).toEqual(["a", "b", "c"].map((who) => ({ who, result: 1 })));
  });

  test("is -EPIPE when nobody can read any more, or as much as was written by then", () => {
    const seen: Seen[] = [];
    const results = evaluate(
      function* (env) {
        const fd = yield* env.sys.pipe();
        const buffer = env.allocate(64);
        const tids = yield* startEach(
          env,
          writer(fd + 1, buffer, 6, "partly", seen),
          writer(fd + 1, buffer, 1, "not at all", seen),
        );
        yield* env.sys.close(fd);
        yield* joinAll(env, tids);
        return [yield* env.sys.write(fd + 1, buffer, 1)];
      },
      { pipeBytes: 4 },
    );
    expect(seen).toEqual([
      { who: "partly", result: 4 },
      { who: "not at all", result: -EPIPE },
    ]);
    expect(results).toEqual([-EPIPE]);
  });
});

describe("a signal", () => {
  /** A program that handles SIGUSR1 and then is `program`. */
  function handling(program: Program): Program {
    return function* (env) {
      yield* env.sys.sigaction(SIGUSR1, function* () {});
      return yield* program(env);
    };
  }

  test("ends a blocked read or write with -EINTR, a partial write with its count; the next in the queue is served", () => {
    const seen: Seen[] = [];
    runMain(
      function* (env) {
        const fd = yield* env.sys.pipe();
        const buffer = env.allocate(64);
        const readers = yield* startEach(
          env,
          handling(reader(fd, buffer, 1, "reader", seen)),
          handling(reader(fd, buffer, 1, "next reader", seen)),
        );
        yield* env.sys.kill(readers[0]!, SIGUSR1);
        yield* env.sys.join(readers[0]!);
        yield* env.sys.write(fd + 1, buffer, 1);
        yield* env.sys.join(readers[1]!);

        const writers = yield* startEach(
          env,
          handling(writer(fd + 1, buffer, 6, "partial writer", seen)),
          handling(writer(fd + 1, buffer, 1, "writer", seen)),
          handling(writer(fd + 1, buffer, 2, "next writer", seen)),
        );
        yield* env.sys.kill(writers[0]!, SIGUSR1);
        yield* env.sys.kill(writers[1]!, SIGUSR1);
        yield* joinAll(env, writers.slice(0, 2));
        yield* env.sys.read(fd, buffer, 4);
        yield* env.sys.join(writers[2]!);
      },
      { pipeBytes: 4 },
    );
    expect(seen).toEqual([
      { who: "reader", result: -EINTR },
      { who: "next reader", result: 1 },
      { who: "partial writer", result: 4 },
      { who: "writer", result: -EINTR },
      { who: "next writer", result: 2 },
    ]);
  });

  test("that kills a reader which was just woken loses nothing for the next", () => {
    const seen: Seen[] = [];
    const { value } = runMain(function* (env) {
      const fd = yield* env.sys.pipe();
      const buffer = env.allocate(64);
      const readers = yield* startEach(env, ...["a", "b"].map((who) => reader(fd, buffer, 1, who, seen)));
      // One CPU: the woken reader has not run when the signal comes.
      yield* env.sys.write(fd + 1, buffer, 2);
      yield* env.sys.kill(readers[0]!, SIGKILL);
      return [yield* env.sys.join(readers[0]!), yield* env.sys.join(readers[1]!)];
    });
    expect(value).toEqual([128 + SIGKILL, 0]);
    expect(seen).toEqual([{ who: "b", result: 1 }]);
  });
});

describe("descriptors", () => {
  test("count up from 3 and are used again when both ends are closed", () => {
    const fds = evaluate(function* (env) {
      const first = yield* env.sys.pipe();
      const second = yield* env.sys.pipe();
      yield* env.sys.close(first);
      const third = yield* env.sys.pipe();
      yield* env.sys.close(first + 1);
      return [first, second, third, yield* env.sys.pipe()];
    });
    expect(fds).toEqual([3, 5, 7, 3]);
  });

  test("a pipe that is used again is empty", () => {
    const count = evaluate(function* (env) {
      const buffer = env.allocate(8);
      const fd = yield* env.sys.pipe();
      yield* env.sys.write(fd + 1, buffer, 8);
      yield* env.sys.close(fd);
      yield* env.sys.close(fd + 1);
      const again = yield* env.sys.pipe();
      yield* env.sys.close(again + 1);
      return [again === fd, yield* env.sys.read(again, buffer, 8)];
    });
    expect(count).toEqual([true, 0]);
  });

  test("run out: -EMFILE", () => {
    const fds = evaluate(
      function* (env) {
        return [yield* env.sys.pipe(), yield* env.sys.pipe(), yield* env.sys.pipe()];
      },
      { maxPipes: 2 },
    );
    expect(fds).toEqual([3, 5, -EMFILE]);
    expect(evaluate((env) => env.sys.pipe(), { maxPipes: 0 })).toBe(-EMFILE);
  });

  test("of the wrong end, closed, or of no pipe at all are -EBADF", () => {
    const results = evaluate(function* (env) {
      const buffer = env.allocate(8);
      const fd = yield* env.sys.pipe();
      const results: number[] = [
        yield* env.sys.read(fd + 1, buffer, 1),
        yield* env.sys.write(fd, buffer, 1),
        yield* env.sys.close(fd),
        yield* env.sys.close(fd),
        yield* env.sys.read(fd, buffer, 1),
      ];
      for (const none of [0, 1, 2, -1, 5, 6, 3.5, Number.NaN, 1e9]) {
        results.push(yield* env.sys.read(none, buffer, 1));
        results.push(yield* env.sys.write(none, buffer, 1));
        results.push(yield* env.sys.close(none));
      }
      return results;
    });
    expect(results).toEqual([-EBADF, -EBADF, 0, -EBADF, -EBADF, ...new Array(27).fill(-EBADF)]);
  });
});

describe("a buffer that may not be used", () => {
  test("is -EFAULT", () => {
    const results = evaluate(function* (env, machine) {
      const buffer = env.allocate(8);
      const page = env.allocate(4096, 4096);
      machine.protect(page, 4096, "readonly");
      const fd = yield* env.sys.pipe();
      const results: number[] = [];
      for (const bad of [NULL, addr(4096), offsetBy(userEnd(machine), -4)]) {
        results.push(yield* env.sys.write(fd + 1, bad, 8));
        yield* env.sys.write(fd + 1, buffer, 8);
        results.push(yield* env.sys.read(fd, bad, 8));
      }
      yield* env.sys.write(fd + 1, page, 8);
      results.push(yield* env.sys.read(fd, page, 8));
      return results;
    });
    expect(results).toEqual(new Array(7).fill(-EFAULT));
  });

  test("is faulted in when its pages are only absent", () => {
    const { machine, value } = runMain(function* (env, own) {
      const pages = env.allocate(8192, 4096);
      own.protect(pages, 8192, "absent");
      const fd = yield* env.sys.pipe();
      return [
        yield* timed(env, env.sys.write(fd + 1, offsetBy(pages, 4090), 12)),
        yield* timed(env, env.sys.read(fd, pages, 12)),
      ];
    });
    const call = priceOf(machine, "syscallEntry", "syscallExit");
    expect(value).toEqual([
      { ns: call + priceOf(machine, "minorFault", "minorFault"), value: 12 },
      { ns: call, value: 12 },
    ]);
  });

  test("costs no bytes: a read that could not deliver them leaves them in the pipe", () => {
    const count = evaluate(function* (env) {
      const buffer = env.allocate(8);
      const fd = yield* env.sys.pipe();
      yield* env.sys.write(fd + 1, buffer, 8);
      yield* env.sys.close(fd + 1);
      yield* env.sys.read(fd, NULL, 8);
      return yield* env.sys.read(fd, buffer, 8);
    });
    expect(count).toBe(8);
  });
});
