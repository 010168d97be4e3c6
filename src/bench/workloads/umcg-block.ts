/**
 * A UMCG worker that really blocks: the way of a wake-up through block and wake detection, up to user mode.
 *
 * One loop:
 * 1. the reader reads an empty pipe; block detection marks it BLOCKED and wakes its server;
 * 2. the server switches to the writer;
 * 3. the writer writes a byte, which wakes the reader, and switches back to the server;
 * 4. wake detection, in the reader's context, marks it IDLE, lists it and wakes the server if that is idle;
 * 5. the server takes it from the list and switches to it: it returns from its read.
 *
 * Measured is the reader: its `wakeToUser` spans steps 3 to 5, its other two spans each of the two wake-ups on the way
 * (the pipe's and the server's). On one CPU a loop costs exactly 5 * (entry + wake + block + switch + exit).
 */
import type { Addr } from "../../atomics/address.ts";
import type { Coroutine } from "../../atomics/step.ts";
import type { Tid } from "../../kernel-sim/ids.ts";
import { serverTidOf } from "../../umcg/abi.ts";
import type { Env } from "../../umcg/env.ts";
import { expectResult, type Rounds, type Stage, setUpPipe, type Workload } from "../workload.ts";
import {
  allocateGroup,
  allocateRecord,
  type Group,
  leaveTo,
  registerServer,
  registerWorker,
  switchTo,
  unregister,
  waitForWorkers,
} from "./umcg-user.ts";

export const umcgBlock: Workload = {
  name: "umcg-block",
  summary: "a UMCG worker blocks in a read, is woken, listed and run",
  loop: "one blocking read, one hand-off from writer to reader",
  handOffsPerLoop: 1,
  start: startBlock,
};

interface Cast {
  readonly group: Group;
  readonly server: Addr;
  readonly reader: Addr;
  readonly writer: Addr;
  readonly buffer: Addr;
  /** Known once the tasks have been spawned, to all of them before they run. */
  readonly tids: { server: Tid; reader: Tid; writer: Tid };
  /** Read end of the pipe; the write end is one more. */
  readonly fd: number;
}

function startBlock(machine: Stage, rounds: Rounds): ReadonlySet<Tid> {
  const none = 0 as Tid;
  const cast: Cast = {
    group: allocateGroup(machine),
    server: allocateRecord(machine),
    reader: allocateRecord(machine),
    writer: allocateRecord(machine),
    buffer: machine.allocate(2),
    tids: { server: none, reader: none, writer: none },
    fd: setUpPipe(machine),
  };
  const { tids } = cast;
  tids.server = machine.spawn((env) => serve(env, rounds, cast), { name: "server" });
  tids.reader = machine.spawn((env) => read(env, rounds, cast), { name: "reader" });
  tids.writer = machine.spawn((env) => write(env, rounds, cast), { name: "writer" });
  return new Set([tids.reader]);
}

function* serve(env: Env, rounds: Rounds, cast: Cast): Coroutine<void> {
  const { server, reader, writer, group, tids } = cast;
  yield* registerServer(env, server);
  for (let listed = 0; listed < 2; ) {
    const records = yield* waitForWorkers(env, server, group);
    for (const record of records) yield* env.memory.store32(serverTidOf(record), env.tid);
    listed += records.length;
  }
  yield* switchTo(env, server, reader, tids.reader);
  for (let round = 0; round < rounds.total; round++) {
    // Here the reader has blocked: the pipe is empty whenever it reads.
    yield* switchTo(env, server, writer, tids.writer);
    const [woken, ...others] = yield* waitForWorkers(env, server, group);
    if (woken !== reader || others.length > 0) throw new Error("somebody else than the reader was listed");
    yield* switchTo(env, server, reader, tids.reader);
  }
  // The reader has finished; the writer waits for its next turn.
  yield* switchTo(env, server, writer, tids.writer);
  yield* unregister(env);
}

function* read(env: Env, rounds: Rounds, cast: Cast): Coroutine<void> {
  yield* registerWorker(env, cast.reader, cast.group);
  for (let round = 0; round < rounds.total; round++) {
    rounds.onRound(round);
    expectResult("read", yield* env.sys.read(cast.fd, cast.buffer, 1), 1);
  }
  rounds.onRound(rounds.total);
  yield* leaveTo(env, cast.reader, cast.server, cast.tids.server);
  yield* unregister(env);
}

function* write(env: Env, rounds: Rounds, cast: Cast): Coroutine<void> {
  yield* registerWorker(env, cast.writer, cast.group);
  for (let round = 0; round < rounds.total; round++) {
    expectResult("write", yield* env.sys.write(cast.fd + 1, cast.buffer, 1), 1);
    yield* switchTo(env, cast.writer, cast.server, cast.tids.server);
  }
  yield* leaveTo(env, cast.writer, cast.server, cast.tids.server);
  yield* unregister(env);
}
