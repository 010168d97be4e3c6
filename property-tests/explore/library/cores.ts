/**
 * What each rule of the `hardened` profile comes to, as small as it can be, and explored completely: one worker in one situation,
 * one other task that comes between. What is not of interest ends by a kill or an exit.
 *
 * Exploration begins where the worker first runs, or sleeps where it is to be found; each task has a CPU of its own.
 */
import type { Addr } from "../../../src/atomics/address.ts";
import type { Coroutine } from "../../../src/atomics/step.ts";
import { SIGKILL } from "../../../src/kernel-sim/constants.ts";
import { push } from "../../../src/llist/llist.ts";
import type { ExploredMachine } from "../../../src/machine/explored-machine.ts";
import {
  idleServersOf,
  nextTidOf,
  serverTidOf,
  stateOf,
  UMCG_TASK_IDLE,
  UMCG_TASK_NONE,
  UMCG_TASK_RUNNING,
  UMCG_TF_LOCKED,
  UMCG_TF_PREEMPTED,
  UMCG_TF_STATE_MASK,
  UMCG_WAIT_WAKE_ONLY,
} from "../../../src/umcg/abi.ts";
import type { Env } from "../../../src/umcg/env.ts";
import { blockOn, Cast, lock, signalWord, tidOf } from "../../../test/hosts/explore/flaws/cast.ts";
import { kernel, must, type Subject } from "./subject.ts";

const USER_BIT = 1 << 24;

/** Where a word is `value`. */
function when(address: () => Addr, value: number): (machine: ExploredMachine) => boolean {
  return (machine) => machine.peek32(address()) === value;
}

/** Sets a bit of a word that others change, too. */
function* setBit(env: Env, word: Addr, bit: number): Coroutine<void> {
  const { memory } = env;
  let seen = yield* memory.load32(word);
  while ((yield* memory.cmpxchg32(word, seen, seen | bit)) !== 0) seen = yield* memory.load32(word);
}

interface Core {
  readonly cast: Cast;
  /** Set by the task that is to come between, or by who lets it: exploration begins when it is 1. */
  readonly begun: Addr;
}

function core(name: string, vcpus: number, program: (core: Core) => void): Subject {
  let begun: Addr;
  const setup = (machine: ExploredMachine): void => {
    const cast = new Cast(machine);
    begun = cast.word();
    program({ cast, begun });
  };
  const from = when(() => begun, 1);
  return kernel(`umcg core: ${name}`, setup, { vcpus, userBytes: 8192, umcg: "hardened", from }, {});
}

/** A worker that is run by a server, which goes when it gets its CPU back. Returns both records. */
function pair(
  { cast }: Core,
  body: (env: Env, self: Addr) => Coroutine<unknown>,
  then: (env: Env, self: Addr, worker: Addr) => Coroutine<unknown> = function* () {},
): { readonly server: Addr; readonly worker: Addr } {
  const worker = cast.record();
  const server = cast.record();
  cast.spawn(
    "W",
    function* (env) {
      yield* cast.registerWorker(env, worker);
      yield* body(env, worker);
      yield* env.sys.exit(0);
    },
    { affinity: [0] },
  );
  cast.spawn(
    "S",
    function* (env) {
      yield* cast.registerServer(env, server);
      yield* cast.run(env, server, yield* cast.first(env, server));
      yield* then(env, server, worker);
      yield* env.sys.exit(0);
    },
    { affinity: [1] },
  );
  return { server, worker };
}

export const CORES: readonly Subject[] = [
  core("a bit of the user's in the word of a server that is made RUNNING", 3, ({ cast, begun }) => {
    const word = cast.word();
    const { server } = pair({ cast, begun }, function* (env) {
      yield* signalWord(env, begun);
      yield* env.sys.futexWait(word, 0);
    });
    cast.spawn("T", function* (env) {
      yield* blockOn(env, begun);
      yield* setBit(env, stateOf(server), USER_BIT);
      yield* env.sys.kill(1, SIGKILL);
    });
    cast.machine.atEnd(() =>
      must((cast.machine.peek32(stateOf(server)) & USER_BIT) !== 0, "a user's bit is lost"),
    );
  }),
  core("a bit of the user's in the word of a worker that comes back", 3, ({ cast, begun }) => {
    const word = cast.word();
    const { worker } = pair(
      { cast, begun },
      function* (env) {
        yield* env.sys.futexWait(word, 0);
      },
      function* (env) {
        yield* signalWord(env, word);
        yield* signalWord(env, begun);
      },
    );
    cast.spawn("T", function* (env) {
      yield* blockOn(env, begun);
      yield* setBit(env, stateOf(worker), USER_BIT);
      yield* env.sys.kill(1, SIGKILL);
    });
    cast.machine.atEnd(() =>
      must((cast.machine.peek32(stateOf(worker)) & USER_BIT) !== 0, "a user's bit is lost"),
    );
  }),
  core("a claim of a worker that did not wait of its own accord", 3, ({ cast, begun }) => {
    const word = cast.word();
    const { worker } = pair(
      { cast, begun },
      function* (env) {
        yield* env.sys.futexWait(word, 0);
      },
      function* (env) {
        yield* signalWord(env, word);
        yield* signalWord(env, begun);
      },
    );
    cast.spawn("T", function* (env) {
      yield* blockOn(env, begun);
      const claimed = UMCG_TASK_IDLE | UMCG_TF_LOCKED;
      must((yield* env.memory.cmpxchg32(stateOf(worker), UMCG_TASK_IDLE, claimed)) !== 0, "it is claimed");
      yield* env.sys.kill(1, SIGKILL);
    });
  }),
  core("a worker that has parked is killed while a server is idle", 3, ({ cast, begun }) => {
    pair(
      { cast, begun },
      function* (env, self) {
        const { memory } = env;
        yield* lock(env, self);
        const server = yield* memory.load32(serverTidOf(self));
        yield* memory.store32(stateOf(yield* cast.recordOf(env, server)), UMCG_TASK_RUNNING);
        yield* memory.store32(stateOf(self), UMCG_TASK_IDLE | UMCG_TF_LOCKED);
        yield* env.umcg.wait(0);
      },
      function* (env, self, worker) {
        yield* signalWord(env, begun);
        while (((yield* env.memory.load32(stateOf(worker))) & UMCG_TF_STATE_MASK) !== UMCG_TASK_NONE)
          yield* cast.idle(env, self);
      },
    );
    cast.spawn("T", function* (env) {
      yield* blockOn(env, begun);
      yield* env.sys.kill(1, SIGKILL);
    });
    cast.countWorker();
  }),
  core("a server goes with its node on the list", 1, ({ cast, begun }) => {
    const record = cast.record();
    cast.spawn("S", function* (env) {
      const { memory } = env;
      yield* cast.registerServer(env, record);
      yield* push(memory, cast.idleServers, idleServersOf(record));
      yield* memory.store32(begun, 1);
      yield* env.sys.exit(0);
    });
    cast.machine.atEnd(() =>
      must((cast.machine.peek32(idleServersOf(record)) & 1) === 1, "its node can be taken by others"),
    );
  }),
  core("a worker is woken from its wait without a server", 3, ({ cast, begun }) => {
    const { worker } = pair(
      { cast, begun },
      function* (env, self) {
        const { memory } = env;
        yield* lock(env, self);
        const server = yield* memory.load32(serverTidOf(self));
        yield* memory.store32(stateOf(yield* cast.recordOf(env, server)), UMCG_TASK_RUNNING);
        yield* memory.store32(stateOf(self), UMCG_TASK_IDLE | UMCG_TF_LOCKED);
        yield* env.umcg.wait(0);
        must(false, "it is in user mode without a server");
      },
      function* (env, self) {
        const { memory } = env;
        yield* signalWord(env, begun);
        const claimed = UMCG_TASK_IDLE | UMCG_TF_LOCKED;
        if ((yield* memory.cmpxchg32(stateOf(worker), UMCG_TASK_IDLE, claimed)) === 0) {
          yield* memory.store32(serverTidOf(worker), 0);
          yield* memory.store32(stateOf(worker), UMCG_TASK_RUNNING);
          yield* memory.store32(nextTidOf(self), yield* memory.load32(tidOf(worker)));
          yield* env.umcg.wait(UMCG_WAIT_WAKE_ONLY);
        }
        yield* env.sys.kill(1, SIGKILL);
      },
    );
  }),
  core("a worker is preempted by a flag and a kick", 3, ({ cast, begun }) => {
    const [kicked, runs] = [cast.word(), cast.word()];
    const { worker } = pair(
      { cast, begun },
      function* (env) {
        const { memory } = env;
        yield* signalWord(env, begun);
        const seen = yield* memory.load32(kicked);
        yield* env.sys.gettid();
        must(seen === 0 || (yield* memory.load32(runs)) > 0, "it goes on though it was kicked");
      },
      function* (env) {
        const { memory } = env;
        if ((yield* cast.collect(env)).length === 0) return;
        yield* memory.store32(runs, 1);
        yield* env.sys.kill(1, SIGKILL);
      },
    );
    cast.spawn("T", function* (env) {
      yield* blockOn(env, begun);
      const word = stateOf(worker);
      const flagged = UMCG_TASK_RUNNING | UMCG_TF_PREEMPTED;
      if ((yield* env.memory.cmpxchg32(word, UMCG_TASK_RUNNING, flagged)) !== 0) return;
      if ((yield* env.umcg.kick(0, 1)) === 0) yield* env.memory.store32(kicked, 1);
    });
  }),
];
