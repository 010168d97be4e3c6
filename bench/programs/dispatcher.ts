/** n servers, and n requests in turn, each given to the server that another thread has come to by then (Nguyen and others, CAV 2018). */
import { type BenchProgram, define } from "./define.ts";

export const dispatcher: BenchProgram = define(
  "dispatcher",
  { n: 2 },
  ({ n }) =>
    (bare) => {
      const inbox = Array.from({ length: n }, (_, i) => bare.word(0, `in[${i}]`));
      const outbox = inbox.map((_, i) => bare.word(0, `out[${i}]`));
      const locks = inbox.map((_, i) => bare.mutex(`lock of server ${i}`));
      const turn = bare.word(0, "turn");
      const turnLock = bare.mutex("lock of the turn");
      const serve = function* (_self: number, at: number) {
        yield* bare.lock(locks[at]!);
        if ((yield* bare.load32(inbox[at]!)) > 0)
          yield* bare.store32(outbox[at]!, yield* bare.load32(inbox[at]!));
        yield* bare.unlock(locks[at]!);
      };
      const pick = function* () {
        for (let at = 0; at < n; at++) {
          yield* bare.lock(turnLock);
          yield* bare.store32(turn, at);
          yield* bare.unlock(turnLock);
        }
      };
      bare.thread(function* () {
        for (let at = 0; at < n; at++) yield* bare.spawn(serve, at);
        for (let request = 0; request < n; request++) {
          const picker = yield* bare.spawn(pick);
          yield* bare.lock(turnLock);
          const at = yield* bare.load32(turn);
          yield* bare.unlock(turnLock);
          yield* bare.lock(locks[at]!);
          yield* bare.store32(inbox[at]!, (yield* bare.load32(inbox[at]!)) + 1);
          yield* bare.unlock(locks[at]!);
          yield* bare.join(picker);
        }
      }, "main");
    },
  ({ n }) => ({ maxThreads: 1 + 2 * n, bytes: 256 + 48 * n }),
);
