/**
 * An image for machines on real threads: pipes, eventfds and epolls used by tasks of all CPUs at once, while signals come and files
 * are opened and closed. What must hold at the end is in words (`fileStormExpected`); a wake-up that is lost is a run that does
 * not end.
 */
import { type Addr, offsetBy } from "../../src/atomics/address.ts";
import { EAGAIN, EINTR } from "../../src/atomics/errno.ts";
import type { Coroutine } from "../../src/atomics/step.ts";
import { setUpPipe } from "../../src/bench/workload.ts";
import {
  EFD_SEMAPHORE,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_EVENT_SIZE,
  EPOLLET,
  EPOLLIN,
  O_NONBLOCK,
  SIGUSR1,
} from "../../src/kernel-sim/constants.ts";
import { FILE_EPOLL, FILE_EVENTFD } from "../../src/kernel-sim/descriptors.ts";
import type { SetUp } from "../../src/machine/threads/index.ts";
import type { Env } from "../../src/umcg/env.ts";
import { add } from "./storm-steps.ts";

const US = 1000;
/** Tokens in the ring, and tasks of a CPU that pass them on. */
const TOKENS = 2;
const STATIONS = 2;
/** Bytes of a message through the crowded pipe, which holds few of them. */
const MESSAGE = 24;

export interface FileStormArgs {
  readonly rounds: number;
}

/** Words: what was passed on in the ring, bytes sent and received, semaphore ups and downs, events sent and taken by epolls. */
export function fileStormExpected(vcpus: number, rounds: number): number[] {
  const each = vcpus * rounds;
  return [vcpus * STATIONS * TOKENS * rounds, each * MESSAGE, each * MESSAGE, each, each, each, each];
}

type Body = (env: Env) => Coroutine<void>;
type Start = (cpu: number, body: Body) => number;

/** A call that a signal may interrupt before it has done anything. */
function* again(call: () => Coroutine<number>): Coroutine<number> {
  for (;;) {
    const result = yield* call();
    if (result !== -EINTR) return result;
  }
}

/** Signals do not kill it from here on. */
function* ready(env: Env, at: Addr): Coroutine<void> {
  yield* env.sys.sigaction(SIGUSR1, function* (): Coroutine<void> {});
  yield* add(env, at);
}

function must(what: string, got: number, wanted: number): void {
  if (got !== wanted) throw new Error(`${what}: ${got}, not ${wanted}`);
}

/** Passes each token on as often as it goes round. */
function station(from: number, to: number, rounds: number, passed: Addr, readyAt: Addr): Body {
  return function* (env) {
    yield* ready(env, readyAt);
    const token = env.allocate(4);
    for (let pass = 0; pass < TOKENS * rounds; pass++) {
      must("read", yield* again(() => env.sys.read(from, token, 4)), 4);
      must("write", yield* again(() => env.sys.write(to, token, 4)), 4);
      yield* add(env, passed);
    }
  };
}

function writer(to: number, rounds: number, sent: Addr, readyAt: Addr): Body {
  return function* (env) {
    yield* ready(env, readyAt);
    const bytes = env.allocate(MESSAGE);
    for (let round = 0; round < rounds; round++) {
      // A signal may leave a part behind.
      for (let done = 0; done < MESSAGE; ) {
        const got = yield* env.sys.write(to, offsetBy(bytes, done), MESSAGE - done);
        if (got > 0) done += got;
        else must("write", got, -EINTR);
      }
      yield* add(env, sent, MESSAGE);
    }
  };
}

function reader(from: number, bytes: number, received: Addr, readyAt: Addr): Body {
  return function* (env) {
    yield* ready(env, readyAt);
    const into = env.allocate(MESSAGE);
    while ((yield* env.memory.load32(received)) < bytes) {
      const got = yield* env.sys.read(from, into, 7);
      if (got === -EAGAIN) yield* env.sys.nanosleep(20 * US);
      else if (got > 0) yield* add(env, received, got);
      else must("read", got, -EINTR);
    }
  };
}

function up(fd: number, rounds: number, count: Addr, readyAt: Addr): Body {
  return function* (env) {
    yield* ready(env, readyAt);
    const one = env.allocate(8);
    yield* env.memory.store64(one, 1n);
    for (let round = 0; round < rounds; round++) {
      must("eventfd write", yield* again(() => env.sys.write(fd, one, 8)), 8);
      yield* add(env, count);
    }
  };
}

function down(fd: number, rounds: number, count: Addr, readyAt: Addr): Body {
  return function* (env) {
    yield* ready(env, readyAt);
    const into = env.allocate(8);
    for (let round = 0; round < rounds; round++) {
      must("eventfd read", yield* again(() => env.sys.read(fd, into, 8)), 8);
      yield* add(env, count);
    }
  };
}

/** Takes what comes to files that do not block, until all of it has come, which it says to the others. */
function poller(epoll: number, fds: readonly number[], total: number, taken: Addr, readyAt: Addr): Body {
  return function* (env) {
    yield* ready(env, readyAt);
    const events = env.allocate(4 * EPOLL_EVENT_SIZE);
    const into = env.allocate(8);
    const [end, ...others] = fds;
    while ((yield* env.memory.load32(taken)) < total) {
      const got = yield* env.sys.epollWait(epoll, events, 4);
      if (got < 0) must("epoll_wait", got, -EINTR);
      for (const fd of others) {
        const bytes = yield* again(() => env.sys.read(fd, into, 8));
        if (bytes === 8) yield* add(env, taken, yield* env.memory.load32(into));
        else must("read", bytes, -EAGAIN);
      }
    }
    yield* env.memory.store64(into, 1n);
    must("write", yield* again(() => env.sys.write(end!, into, 8)), 8);
  };
}

/** What is done alone, against all this: signals, files that come and go, watches that do. */
function disturber(
  targets: readonly number[],
  readyAt: Addr,
  epoll: number,
  fd: number,
  rounds: number,
): Body {
  return function* (env) {
    while ((yield* env.memory.load32(readyAt)) < targets.length) yield* env.sys.nanosleep(50 * US);
    for (let round = 0; round < rounds; round++) {
      yield* env.sys.kill(targets[round % targets.length]!, SIGUSR1);
      const own = yield* env.sys.pipe();
      yield* env.sys.epollCtl(epoll, EPOLL_CTL_ADD, own, EPOLLIN);
      yield* env.sys.epollCtl(epoll, EPOLL_CTL_ADD, fd, EPOLLIN);
      yield* env.sys.write(own + 1, readyAt, 4);
      yield* env.sys.epollCtl(epoll, EPOLL_CTL_DEL, fd);
      yield* env.sys.close(own);
      yield* env.sys.close(own + 1);
      yield* env.sys.nanosleep(30 * US);
    }
  };
}

/** Two epolls that watch three eventfds: two to which tasks of all CPUs add, and, first, one that says that this is over. */
function setUpEpolls({ kernel }: SetUp) {
  const fds = [0, 1, 2].map(() => kernel.files.open(FILE_EVENTFD, 0, O_NONBLOCK));
  const epolls = [EPOLLIN, EPOLLIN | EPOLLET].map((events) => {
    const epoll = kernel.files.open(FILE_EPOLL, 0, 0);
    for (const fd of fds) {
      const watch = kernel.watches.create(epoll - 3, fd - 3);
      kernel.watches.events[watch] = events;
    }
    return epoll;
  });
  return { fds, epolls };
}

export function setUpFileStorm(machine: SetUp): void {
  const { rounds } = machine.args as FileStormArgs;
  const { vcpus } = machine.kernel.config;
  const results = machine.allocate(64);
  const word = (index: number): Addr => offsetBy(results, 4 * index);
  const readyAt = machine.allocate(64);
  const tids: number[] = [];
  const start: Start = (cpu, body) => {
    const tid = machine.spawn(body, { affinity: [cpu] });
    tids.push(tid);
    return tid;
  };
  const ring = Array.from({ length: vcpus * STATIONS }, () => setUpPipe(machine));
  for (const [at, from] of ring.entries())
    start(at % vcpus, station(from, ring[(at + 1) % ring.length]! + 1, rounds, word(0), readyAt));
  const crowded = setUpPipe(machine);
  machine.kernel.files.setMode(crowded, O_NONBLOCK);
  const semaphore = machine.kernel.files.open(FILE_EVENTFD, 0, EFD_SEMAPHORE);
  const { fds, epolls } = setUpEpolls(machine);
  for (let cpu = 0; cpu < vcpus; cpu++) {
    start(cpu, writer(crowded + 1, rounds, word(1), readyAt));
    start(cpu, reader(crowded, vcpus * rounds * MESSAGE, word(2), readyAt));
    start(cpu, up(semaphore, rounds, word(3), readyAt));
    start(cpu, down(semaphore, rounds, word(4), readyAt));
    start(cpu, up(fds[1 + (cpu % 2)]!, rounds, word(5), readyAt));
    start(cpu, poller(epolls[cpu % epolls.length]!, fds, vcpus * rounds, word(6), readyAt));
  }
  machine.spawn(disturber([...tids], readyAt, epolls[0]!, crowded, Math.ceil(rounds / 2)), { affinity: [0] });
  machine.spawn(
    function* (env) {
      const token = env.allocate(4);
      for (let n = 0; n < TOKENS; n++) yield* env.sys.write(ring[0]! + 1, token, 4);
    },
    { affinity: [0] },
  );
}
