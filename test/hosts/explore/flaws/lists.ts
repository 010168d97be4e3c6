/** Scenarios about the lists. */
import { type Addr, wordFromAddr } from "../../../../src/atomics/address.ts";
import { markDeleted, push, unlinkDeleted } from "../../../../src/llist/llist.ts";
import {
  idleServersOf,
  idleWorkersOf,
  stateOf,
  UMCG_TASK_IDLE,
  UMCG_TASK_RUNNING,
} from "../../../../src/umcg/abi.ts";
import { blockOn, Cast, must, signalWord, tidOf } from "./cast.ts";
import type { Scenario } from "./scenario.ts";

const F1: Scenario = {
  id: "F1",
  what: "a server leaves the list and UMCG, and its record's memory is used for something else",
  config: { vcpus: 3 },
  setup(machine) {
    const cast = new Cast(machine);
    const word = cast.word();
    const published = cast.word();
    const data = machine.allocate(8, 8);
    // The worker's own list of idle servers: only R is ever on it.
    const servers = machine.allocate(8, 8);
    cast.server("S", (env, self) => cast.poll(env, self));
    const record = cast.record();
    cast.spawn("R", function* (env) {
      const { memory } = env;
      yield* cast.registerServer(env, record);
      yield* memory.store32(stateOf(record), UMCG_TASK_IDLE);
      yield* push(memory, servers, idleServersOf(record));
      yield* signalWord(env, published);
      if (!(yield* markDeleted(memory, idleServersOf(record)))) yield* cast.sleep(env, record);
      yield* memory.store32(stateOf(record), UMCG_TASK_RUNNING);
      yield* unlinkDeleted(memory, servers, () => {});
      must((yield* env.umcg.ctl(2, 0 as Addr)) === 0, "unregister");
      // What was the record is data now, and happens to look like the address of something.
      yield* memory.store64(idleServersOf(record), wordFromAddr(data));
      yield* memory.fence();
      const found = yield* memory.load64(idleServersOf(record));
      must(found === wordFromAddr(data), "somebody has written to memory that is not his");
    });
    cast.worker("W", (env) => blockOn(env, word), { servers });
    cast.spawn("T", function* (env) {
      yield* blockOn(env, published);
      yield* signalWord(env, word);
    });
  },
};

const F2: Scenario = {
  id: "F2",
  what: "a server that has withdrawn is unlinked from behind one that is idle",
  config: { vcpus: 4 },
  setup(machine) {
    const cast = new Cast(machine);
    const word = cast.word();
    const [behind, front] = [cast.word(), cast.word()];
    cast.server("Q", function* (env, self) {
      const { memory } = env;
      yield* memory.store32(stateOf(self), UMCG_TASK_IDLE);
      yield* push(memory, cast.idleServers, idleServersOf(self));
      yield* signalWord(env, behind);
      const mine = yield* markDeleted(memory, idleServersOf(self));
      yield* memory.store32(stateOf(self), UMCG_TASK_RUNNING);
      yield* unlinkDeleted(memory, cast.idleServers, () => {});
      // Taken, and woken for a worker: somebody else has to look.
      if (!mine) yield* cast.wakeAnother(env, self);
    });
    cast.server("S", function* (env, self) {
      yield* cast.serve(env, self);
    });
    cast.worker("W", (env) => blockOn(env, word));
    cast.spawn("T", function* (env) {
      yield* blockOn(env, behind);
      yield* env.memory.store32(front, 1);
      yield* signalWord(env, word);
    });
  },
};

const F3: Scenario = {
  id: "F3",
  what: "others push while a worker is being listed",
  deep: true,
  config: { check: false, userBytes: 8192 },
  setup(machine) {
    const cast = new Cast(machine);
    const word = cast.word();
    const started = cast.word();
    const others = Array.from({ length: 6 }, () => cast.record());
    cast.server("S", (env, self) => cast.poll(env, self, others), { affinity: [0] });
    const worker = cast.worker(
      "W",
      function* (env) {
        yield* signalWord(env, started);
        yield* blockOn(env, word);
      },
      { affinity: [0] },
    );
    cast.spawn(
      "P",
      function* (env) {
        yield* blockOn(env, started);
        yield* signalWord(env, word);
        for (const record of others) yield* push(env.memory, cast.idleWorkers, idleWorkersOf(record));
        const tid = yield* env.memory.load32(tidOf(worker));
        must((yield* env.sys.join(tid)) === 0, "the worker was killed");
      },
      { affinity: [1] },
    );
  },
};

const F4: Scenario = {
  id: "F4",
  what: "there is no list of idle servers",
  config: { uninitialisedLocal: "garbage", vcpus: 2 },
  setup(machine) {
    const cast = new Cast(machine);
    cast.server("S", (env, self) => cast.poll(env, self));
    cast.worker("W", function* () {}, { servers: 0 as Addr });
  },
};

const F9: Scenario = {
  id: "F9",
  what: "a worker runs with its node not pointed at the list again",
  config: { check: "kernel", vcpus: 3 },
  setup(machine) {
    const cast = new Cast(machine);
    const word = cast.word();
    const victim = cast.record();
    cast.spawn("V", function* (env) {
      yield* cast.registerWorker(env, victim);
      yield* cast.leave(env, victim);
    });
    cast.server("S", function* (env, self) {
      const { memory } = env;
      cast.knows(env.tid, self);
      cast.countWorker();
      const found: Addr[] = [];
      while (found.length < 2) {
        found.push(...(yield* cast.collect(env)));
        if (found.length < 2) yield* env.sys.nanosleep(1);
      }
      const breaker = found.find((record) => record !== victim)!;
      // Its node leads to another worker's, as it did in the list.
      yield* memory.store64(idleWorkersOf(breaker), wordFromAddr(idleWorkersOf(victim)));
      yield* memory.store64(idleWorkersOf(victim), wordFromAddr(cast.idleWorkers));
      yield* cast.run(env, self, breaker);
      yield* signalWord(env, word);
      yield* env.sys.nanosleep(1);
      const node = yield* memory.load64(idleWorkersOf(victim));
      must(node === wordFromAddr(cast.idleWorkers), "the node of a worker that did nothing is written to");
      yield* cast.run(env, self, victim);
    });
    cast.worker("B", (env) => blockOn(env, word));
  },
};

export const LISTS: readonly Scenario[] = [F1, F2, F3, F4, F9];
