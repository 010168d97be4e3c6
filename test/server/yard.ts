/** Memory and callers for queues and policies without a machine: every access of theirs is a step that can be interleaved. */
import {
  type Addr,
  addr,
  type Coroutine,
  type Env,
  LocalMemory,
  NULL,
  PAGE_SIZE,
  PageTable,
  type Policy,
  type PolicyContext,
  type PolicyFactory,
  RECORD_SIZE,
  SteppedMemory,
  UserMemory,
  YIELD_PAUSE,
} from "../../src/index.ts";
import { runAlone } from "../support/interleave.ts";

export interface Yard {
  readonly env: Env;
  readonly memory: UserMemory;
  readonly words: Uint32Array;
  /** The clock that `env.now()` shows. */
  now: number;
  readonly allocate: (bytes: number, align?: number) => Addr;
  /** Records of workers, made when they are first asked for. */
  worker(index: number): Addr;
  /** The index of a record, -1 for NULL. */
  indexOf(record: Addr): number;
  /** What a policy would see on `server`; `notes` gets what it says. */
  at(server: number, notes?: string[]): PolicyContext;
  policy(factory: PolicyFactory, maxServers: number, seed?: number): Policy;
}

/** `stepped`: each access yields first. */
export function makeYard(stepped: boolean, pages = 16): Yard {
  const under = new LocalMemory(new ArrayBuffer(pages * PAGE_SIZE));
  under.budget = Number.POSITIVE_INFINITY;
  const table = new PageTable(new Uint8Array(pages));
  table.protect(addr(PAGE_SIZE), (pages - 1) * PAGE_SIZE, "readwrite");
  const memory = new UserMemory(
    stepped ? new SteppedMemory(under) : under,
    table,
    function* (a): Coroutine<void> {
      throw new Error(`fault at 0x${a.toString(16)}`);
    },
  );
  let next = PAGE_SIZE;
  const allocate = (bytes: number, align = 64): Addr => {
    const at = Math.ceil(next / align) * align;
    next = at + bytes;
    if (next > pages * PAGE_SIZE) throw new Error("the yard is too small");
    return addr(at);
  };
  const records: Addr[] = [];
  const yard: Yard = {
    memory,
    words: new Uint32Array(under.buffer),
    now: 0,
    allocate,
    env: {
      memory,
      now: () => yard.now,
      sys: { schedYield: pause, nanosleep: pause },
    } as unknown as Env,
    worker: (index) => {
      while (records.length <= index) records.push(allocate(RECORD_SIZE));
      return records[index]!;
    },
    indexOf: (record) => (record === NULL ? -1 : records.indexOf(record)),
    at: (server, notes = []) => ({ env: yard.env, server, note: (what) => notes.push(what) }),
    policy: (factory, maxServers, seed = 1) => factory({ maxServers, allocate, seed }),
  };
  return yard;
}

function* pause(): Coroutine<number> {
  yield YIELD_PAUSE;
  return 0;
}

/** Takes everything there is, from one server after the other, alone. */
export function drain(yard: Yard, policy: Policy, servers: number): number[] {
  const taken: number[] = [];
  for (let server = 0; server < servers; server++) {
    // Bounded by what is queued.
    for (;;) {
      const worker = runAlone(policy.pick(yard.at(server)));
      if (worker === NULL) break;
      taken.push(yard.indexOf(worker));
    }
  }
  return taken;
}
