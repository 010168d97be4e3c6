/** Scenarios about the ends of tasks. */
import { NULL } from "../../../../src/atomics/address.ts";
import { SIGKILL } from "../../../../src/kernel-sim/constants.ts";
import { push } from "../../../../src/llist/llist.ts";
import {
  idleServersOf,
  stateOf,
  UMCG_CTL_UNREGISTER,
  UMCG_TASK_IDLE,
  UMCG_TASK_NONE,
  UMCG_TASK_RUNNING,
  UMCG_TF_LOCKED,
  UMCG_TF_STATE_MASK,
} from "../../../../src/umcg/abi.ts";
import { blockOn, Cast, must, park, signalWord, tidOf } from "./cast.ts";
import type { Scenario } from "./scenario.ts";

const F43: Scenario = {
  id: "F43",
  what: "a worker exits while its server sleeps",
  setup(machine) {
    const cast = new Cast(machine);
    cast.countWorker();
    const record = cast.record();
    cast.spawn("W", function* (env) {
      yield* cast.registerWorker(env, record);
      yield* cast.died(env);
      yield* env.sys.exit(0);
    });
    cast.server("S", (env, self) => cast.serve(env, self));
  },
};

const F43U: Scenario = {
  id: "F43 unregister",
  what: "a worker unregisters while its server sleeps",
  setup(machine) {
    const cast = new Cast(machine);
    cast.countWorker();
    const record = cast.record();
    cast.spawn("W", function* (env) {
      yield* cast.registerWorker(env, record);
      yield* cast.died(env);
      must((yield* env.umcg.ctl(UMCG_CTL_UNREGISTER, NULL)) === 0, "unregister");
    });
    cast.server("S", (env, self) => cast.serve(env, self));
  },
};

const F44: Scenario = {
  id: "F44",
  what: "a server exits with its node still on the list",
  config: { vcpus: 4 },
  setup(machine) {
    const cast = new Cast(machine);
    const word = cast.word();
    const started = cast.word();
    cast.server("S", (env, self) => cast.serve(env, self));
    const record = cast.record();
    const dead = cast.spawn("D", function* (env) {
      const { memory } = env;
      yield* blockOn(env, started);
      yield* cast.registerServer(env, record);
      yield* memory.store32(stateOf(record), UMCG_TASK_IDLE);
      yield* push(memory, cast.idleServers, idleServersOf(record));
      yield* env.sys.exit(0);
    });
    cast.worker("W", function* (env) {
      yield* signalWord(env, started);
      yield* blockOn(env, word);
    });
    cast.spawn("T", function* (env) {
      yield* env.sys.join(dead);
      yield* signalWord(env, word);
    });
  },
};

const F16: Scenario = {
  id: "F16",
  what: "a server exits with its node still on the list, and another task gets its tid",
  config: { vcpus: 4, maxTasks: 4 },
  setup(machine) {
    const cast = new Cast(machine);
    const word = cast.word();
    const started = cast.word();
    const quit = cast.word();
    cast.server("S", (env, self) => cast.serve(env, self));
    const [record, newcomer] = [cast.record(), cast.record()];
    const dead = cast.spawn("D", function* (env) {
      const { memory } = env;
      yield* blockOn(env, started);
      yield* cast.registerServer(env, record);
      yield* memory.store32(stateOf(record), UMCG_TASK_IDLE);
      yield* push(memory, cast.idleServers, idleServersOf(record));
      yield* env.sys.exit(0);
    });
    cast.worker("W", function* (env) {
      yield* signalWord(env, started);
      yield* blockOn(env, word);
      yield* signalWord(env, quit);
    });
    cast.spawn("T", function* (env) {
      yield* env.sys.join(dead);
      const reused = yield* env.spawn(function* (inner) {
        yield* cast.registerServer(inner, newcomer);
        yield* signalWord(inner, word);
        yield* blockOn(inner, quit);
        must((yield* inner.umcg.ctl(UMCG_CTL_UNREGISTER, NULL)) === 0, "unregister");
      });
      must(reused === dead, "the tid is another");
    });
  },
};

const F45: Scenario = {
  id: "F45",
  what: "a worker goes on as another program, and its record's memory is used for something else",
  config: { vcpus: 3, check: false },
  setup(machine) {
    const cast = new Cast(machine);
    cast.countWorker();
    const record = cast.record();
    const went = cast.word();
    cast.spawn("W", function* (env) {
      yield* cast.registerWorker(env, record);
      yield* cast.leaveServer(env, record);
      return yield* env.exec(function* (next) {
        yield* next.memory.store32(stateOf(record), UMCG_TASK_RUNNING);
        yield* signalWord(next, went);
        yield* next.sys.nanosleep(1_000);
        must(
          (yield* next.memory.load32(stateOf(record))) === UMCG_TASK_RUNNING,
          "the kernel has written to the new program's memory",
        );
      });
    });
    cast.server("S", (env, self) => cast.serve(env, self));
  },
};

const F50: Scenario = {
  id: "F50",
  what: "a worker is killed while it hands its server's CPU back",
  config: { vcpus: 3 },
  setup(machine) {
    const cast = new Cast(machine);
    cast.countWorker();
    const record = cast.record();
    const started = cast.word();
    cast.spawn("W", function* (env) {
      yield* cast.registerWorker(env, record);
      yield* signalWord(env, started);
      yield* park(cast, env, record);
      yield* cast.leave(env, record);
    });
    cast.server("S", function* (env, self) {
      const { memory } = env;
      yield* cast.run(env, self, yield* cast.first(env, self));
      // It has parked or died. Claimed, or met with NONE, it is the server's.
      for (;;) {
        const word = yield* memory.load32(stateOf(record));
        if ((word & UMCG_TF_STATE_MASK) === UMCG_TASK_NONE) return;
        if (word !== UMCG_TASK_IDLE) {
          yield* env.sys.nanosleep(1);
          continue;
        }
        if ((yield* memory.cmpxchg32(stateOf(record), word, word | UMCG_TF_LOCKED)) !== 0) continue;
        yield* cast.run(env, self, record);
        return;
      }
    });
    cast.spawn("T", function* (env) {
      yield* blockOn(env, started);
      yield* env.sys.kill(yield* env.memory.load32(tidOf(record)), SIGKILL);
    });
  },
};

export const LIFE: readonly Scenario[] = [F16, F43, F43U, F44, F45, F50];
