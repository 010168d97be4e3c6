/**
 * `perf bench sched messaging`, which was hackbench: groups of senders and receivers, and each sender sends each receiver of
 * its group some messages. Everybody says when it is ready and waits at a gate; time runs from its opening until the last
 * has ended. So many tasks are runnable at once that it is the run queues that are measured, and wake-ups to busy CPUs.
 *
 * What differs: pipes only, since there are no sockets here; the gate is a futex, where the original polls a pipe; threads
 * and processes are the same, since the cost model knows one address space. Copying costs nothing.
 */
import type { Addr } from "../../atomics/address.ts";
import { EAGAIN } from "../../atomics/errno.ts";
import type { Coroutine } from "../../atomics/step.ts";
import type { Tid } from "../../kernel-sim/ids.ts";
import type { Machine, MachineConfig } from "../../machine.ts";
import type { Env } from "../../umcg/env.ts";
import type { Scenario } from "../scenario.ts";
import { expectResult } from "../workload.ts";

export interface MessagingOptions {
  readonly groups: number;
  /** Messages of each sender to each receiver. */
  readonly loops: number;
  /** Senders of a group, and receivers. */
  readonly pairs: number;
  /** Of a message. */
  readonly bytes: number;
}

export interface Messaging {
  readonly tasks: number;
  /** Received. */
  readonly messages: number;
  /** From the opening of the gate until all have ended; of a run that was cut short, until then. */
  readonly totalNs: number;
}

/** What Linux gives a pipe. */
const PIPE_BYTES = 65_536;
const EVERYBODY = 0x7fff_ffff;

/** What the machine needs for it. */
export function messagingMachine({ groups, pairs, bytes }: MessagingOptions): MachineConfig {
  return {
    maxTasks: 2 * groups * pairs + 1,
    maxPipes: groups * pairs + 1,
    pipeBytes: PIPE_BYTES,
    userBytes: 4096 * (2 + 2 * Math.ceil(bytes / 4096)),
  };
}

interface Place {
  readonly gate: Addr;
  readonly from: Addr;
  readonly into: Addr;
  /** Write end of the pipe by which tasks say that they are ready. */
  ready: number;
}

export function startMessaging(machine: Machine, options: MessagingOptions): Scenario<Messaging> {
  const { groups, pairs, loops, bytes } = options;
  const state = { received: 0, beganNs: -1, endedNs: -1 };
  const all = groups * pairs * pairs * loops;
  const place: Place = {
    gate: machine.allocate(4),
    from: machine.allocate(Math.max(1, bytes)),
    into: machine.allocate(Math.max(1, bytes)),
    ready: -1,
  };
  machine.spawn((env) => lead(env, options, place, state), { name: "messaging" });
  return {
    get progress() {
      return state.received / all;
    },
    result: () => {
      const { received, beganNs, endedNs } = state;
      if (received === 0) return undefined;
      const totalNs = (endedNs < 0 ? machine.host.now : endedNs) - beganNs;
      return { tasks: 2 * groups * pairs, messages: received, totalNs };
    },
  };
}

function* lead(
  env: Env,
  options: MessagingOptions,
  place: Place,
  state: { received: number; beganNs: number; endedNs: number },
): Coroutine<void> {
  const ready = yield* openPipe(env);
  place.ready = ready + 1;
  const tids: Tid[] = [];
  for (let group = 0; group < options.groups; group++) {
    const pipes: number[] = [];
    for (let at = 0; at < options.pairs; at++) {
      const fd = yield* openPipe(env);
      pipes.push(fd + 1);
      const body = (own: Env): Coroutine<void> => receive(own, options, place, fd, state);
      tids.push(yield* env.spawn(body, { name: `receiver-${group}.${at}` }));
    }
    for (let at = 0; at < options.pairs; at++) {
      const body = (own: Env): Coroutine<void> => send(own, options, place, pipes);
      tids.push(yield* env.spawn(body, { name: `sender-${group}.${at}` }));
    }
  }
  for (const _ of tids) expectResult("read", yield* env.sys.read(ready, place.into, 1), 1);
  state.beganNs = env.now();
  yield* env.memory.store32(place.gate, 1);
  yield* env.sys.futexWake(place.gate, EVERYBODY);
  for (const tid of tids) expectResult("join", yield* env.sys.join(tid), 0);
  state.endedNs = env.now();
}

function* send(
  env: Env,
  { loops, bytes }: MessagingOptions,
  place: Place,
  pipes: readonly number[],
): Coroutine<void> {
  yield* passGate(env, place);
  for (let loop = 0; loop < loops; loop++) {
    for (const to of pipes) {
      for (let done = 0; done < bytes; ) {
        const count = yield* env.sys.write(to, place.from, bytes - done);
        if (count <= 0) expectResult("write", count, bytes - done);
        done += count;
      }
    }
  }
}

function* receive(
  env: Env,
  { pairs, loops, bytes }: MessagingOptions,
  place: Place,
  from: number,
  state: { received: number },
): Coroutine<void> {
  yield* passGate(env, place);
  for (let left = pairs * loops; left > 0; left--) {
    for (let done = 0; done < bytes; ) {
      const count = yield* env.sys.read(from, place.into, bytes - done);
      if (count <= 0) expectResult("read", count, bytes - done);
      done += count;
    }
    state.received++;
  }
}

function* passGate(env: Env, place: Place): Coroutine<void> {
  expectResult("write", yield* env.sys.write(place.ready, place.from, 1), 1);
  while ((yield* env.memory.load32(place.gate)) === 0) {
    const result = yield* env.sys.futexWait(place.gate, 0);
    if (result !== -EAGAIN) expectResult("futexWait", result, 0);
  }
}

function* openPipe(env: Env): Coroutine<number> {
  const fd = yield* env.sys.pipe();
  if (fd < 0) expectResult("pipe", fd, 0);
  return fd;
}
