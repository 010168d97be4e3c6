/**
 * A machine with two groups: attackers, who share records and lists that each of them writes at will, and others, workers of
 * the thread library, who keep the contract. Attackers know the others' tids, and wake, switch to and kick them; what they do
 * not have is their memory, and so neither names one of them in a server_tid. In the end a reaper kills all attackers.
 *
 * What must hold: the run ends; no word changes but those of the attackers' records and lists; the others get done what they
 * are to do; nobody but attackers dies; every task can be reaped. The machine checks its invariants: those of the others as of
 * any program, of the attackers what the kernel owes to breakers.
 */
import {
  type Addr,
  type Coroutine,
  createMachine,
  createRuntime,
  type Env,
  idleServersOf,
  idleWorkersOf,
  type Machine,
  Mutex,
  NULL,
  nextTidOf,
  type Protection,
  SIGKILL,
  SIGUSR1,
  serverTidOf,
  stateOf,
  type Tid,
  UMCG_CTL_REGISTER,
  UMCG_CTL_WORKER,
} from "../../../src/index.ts";
import type { Act, Attack, Attacker } from "./acts.ts";

const PAGE = 4096;
/** When the reaper comes, ns. */
const REAPED_AT = 1_500_000;
/** Events that a run may take: some hundred times what the longest takes. */
const MAX_EVENTS = 3_000_000;
const CANARY = 0x5ca1ab1e;
/** State words and tids that are none. */
const WORDS = [
  0, 1, 2, 3, 4, 0xff, 0x101, 0x102, 0x103, 0x201, 0x202, 0x203, 0x301, 0x402, 0x602, 0x01000001, 0x5a000002,
  0x00010001, 0x80000000, 0xffffffff, 9_999,
];

export class World {
  readonly machine: Machine;
  readonly #attack: Attack;
  readonly #tids: Tid[] = [];
  readonly #records: Addr[] = [];
  readonly #canaries: Addr[] = [];
  readonly #workers: Addr;
  readonly #servers: Addr;
  /** Registered others may be named in next_tid. */
  readonly #others: Tid[] = [];
  #done = 0;
  #reaped = 0;

  constructor(attack: Attack) {
    this.#attack = attack;
    const { vcpus, seed, attackers } = attack;
    this.machine = createMachine({
      vcpus,
      seed,
      jitter: true,
      check: (tid: number) => !this.#tids.includes(tid as Tid),
      maxTasks: 64,
      userBytes: 1 << 18,
      majorFaultNs: 30_000,
    });
    for (let i = 0; i < attackers.length; i++) {
      // A page each, so that it can be taken away, and one behind it that is nobody's.
      this.#records.push(this.machine.allocate(PAGE, PAGE));
      this.#canaries.push(this.machine.allocate(PAGE, PAGE));
    }
    const lists = this.machine.allocate(PAGE, PAGE);
    [this.#workers, this.#servers] = [lists, (lists + 64) as Addr];
    for (const canary of this.#canaries) this.#memory(canary).fill(CANARY);
    for (const attacker of attackers) this.#spawn(attacker);
    this.#spawnOthers();
    this.machine.spawn((env) => this.#reap(env), { name: "reaper" });
  }

  /** Throws when something did not hold. */
  run(): void {
    const { machine } = this;
    let events = 0;
    machine.run({ stop: () => ++events > MAX_EVENTS });
    if (machine.kernel.live > 0)
      throw new Error(
        `${machine.kernel.live} tasks are left after ${machine.host.now} ns: ${JSON.stringify(machine.waiters())}`,
      );
    const { others } = this.#attack;
    if (this.#done !== others) throw new Error(`${this.#done} of ${others} others are done`);
    if (this.#reaped !== this.#tids.length) throw new Error(`${this.#reaped} attackers were reaped`);
    for (const canary of this.#canaries)
      if (this.#memory(canary).some((word) => word !== CANARY))
        throw new Error("a page of nobody's was written");
  }

  #memory(page: Addr): Uint32Array {
    return new Uint32Array(this.machine.kernel.buffer, page, PAGE / 4);
  }

  #spawn({ kind, acts }: Attacker): void {
    const { machine } = this;
    const record = this.#records[this.#tids.length]!;
    const life = function* (this: World, env: Env): Coroutine<void> {
      yield* env.sys.sigaction(SIGUSR1, function* () {});
      if (kind !== "plain") yield* this.#register(env, record, kind === "worker");
      for (const act of acts) yield* this.#perform(env, record, act);
      yield* env.sys.exit(0);
    };
    this.#tids.push(machine.spawn((env) => life.call(this, env), { name: `${kind}-${this.#tids.length}` }));
  }

  *#register(env: Env, record: Addr, worker: boolean): Coroutine<void> {
    const { memory, umcg } = env;
    yield* memory.store32((record + 4) as Addr, 1);
    yield* memory.store32(serverTidOf(record), 0);
    yield* memory.store32(nextTidOf(record), 0);
    yield* memory.store32(stateOf(record), worker ? 2 : 1);
    yield* memory.store64(idleServersOf(record), worker ? BigInt(this.#servers) : 0n);
    yield* memory.store64(idleWorkersOf(record), BigInt(this.#workers));
    yield* umcg.ctl(UMCG_CTL_REGISTER | (worker ? UMCG_CTL_WORKER : 0), record);
    if (!worker) yield* memory.store32(serverTidOf(record), env.tid);
  }

  /** The others: workers that sleep, yield, compute and count under a lock. */
  #spawnOthers(): void {
    const { others, preemptNs, vcpus } = this.#attack;
    if (others === 0) return;
    const runtime = createRuntime(this.machine, { servers: Math.min(2, vcpus), preemptNs });
    const lock = new Mutex(this.machine);
    const count = this.machine.allocate(4);
    for (let i = 0; i < others; i++) {
      const world = this;
      runtime.spawn(function* (worker) {
        world.#others.push(worker.tid);
        for (let round = 0; round < 12; round++) {
          yield* worker.work(2_000 * (i + 1));
          if (round % 3 === 0) yield* worker.sys.nanosleep(10_000);
          yield* lock.lock(worker);
          const seen = yield* worker.memory.load32(count);
          if (round % 4 === 0) yield* worker.yield();
          yield* worker.memory.store32(count, seen + 1);
          yield* lock.unlock(worker);
          if (round % 5 === 0) yield* worker.sleep(5_000);
        }
        world.#done++;
        if (world.#done === others && (yield* worker.memory.load32(count)) !== 12 * others)
          throw new Error("an increment was lost");
      });
    }
  }

  *#reap(env: Env): Coroutine<void> {
    yield* env.sys.nanosleep(REAPED_AT);
    for (const tid of this.#tids) yield* env.sys.kill(tid, SIGKILL);
    for (const tid of this.#tids) {
      yield* env.sys.join(tid);
      this.#reaped++;
    }
  }

  // ---- what the numbers of an act mean ------------------------------------------------------------------------------

  #tid(index: number): number {
    const known = [...this.#tids, ...this.#others];
    return known[index % known.length]!;
  }
  #attackerTid(index: number): Tid {
    return this.#tids[index % this.#tids.length]!;
  }
  #page(index: number): Addr {
    return this.#records[index % this.#records.length]!;
  }
  /** Words of records and lists. */
  #word(index: number): Addr {
    const record = this.#page(index >> 2);
    const fields = [stateOf, serverTidOf, nextTidOf, (a: Addr) => (a + 4) as Addr];
    return fields[index & 3]!(record);
  }
  /** What goes there: others are named in next_tid alone. */
  #value(at: Addr, index: number): number {
    if (index < WORDS.length) return WORDS[index]!;
    return (at & 63) === 12 ? this.#tid(index) : this.#attackerTid(index);
  }
  #long(index: number): Addr {
    if (index < 4) return [this.#workers, this.#servers][index & 1]!;
    const record = this.#page(index >> 1);
    return (index & 1) === 0 ? idleServersOf(record) : idleWorkersOf(record);
  }
  #pointer(index: number): bigint {
    if (index > 58) return [0n, 4n, 0xffff_ffff_ffff_fff8n, BigInt(this.#workers) + 4n, 8n][index - 59]!;
    return BigInt(this.#long(index));
  }

  // ---- acts ---------------------------------------------------------------------------------------------------------

  *#perform(env: Env, record: Addr, act: Act): Coroutine<void> {
    const { memory, sys, umcg } = env;
    switch (act.act) {
      case "store32":
        return void (yield* memory.store32(this.#word(act.at), this.#value(this.#word(act.at), act.value)));
      case "store64":
        return void (yield* memory.store64(this.#long(act.at), this.#pointer(act.to) | (act.mark ? 1n : 0n)));
      case "cmpxchg32": {
        const at = this.#word(act.at);
        return void (yield* memory.cmpxchg32(at, this.#value(at, act.from), this.#value(at, act.to)));
      }
      case "ctl":
        return void (yield* umcg.ctl(act.flags, act.at > 40 ? NULL : this.#page(act.at)));
      case "wait":
        return void (yield* umcg.wait(act.flags, this.#deadline(env, act.deadline)));
      case "kick":
        return void (yield* umcg.kick(act.flags, this.#tid(act.other)));
      case "kill":
        return void (yield* sys.kill(this.#attackerTid(act.other), act.signal));
      case "work":
        return yield* env.work(act.ns);
      case "sleep":
        return void (yield* sys.nanosleep(act.ns));
      case "yield":
        return void (yield* sys.schedYield());
      case "read":
        return void (yield* memory.load32(this.#page(act.page)));
      case "futex":
        if (act.wake) return void (yield* sys.futexWake(this.#word(act.at), 1));
        return void (yield* sys.futexWait(
          this.#word(act.at),
          yield* memory.load32(this.#word(act.at)),
          act.ns + 1,
        ));
      case "exit":
        return yield* sys.exit(3);
      case "exec":
        return yield* env.exec(function* (again) {
          yield* again.sys.nanosleep(1_000);
        });
      case "protect":
        if (act.as === "disk") this.machine.swapOut(this.#page(act.page), PAGE);
        else this.machine.protect(this.#page(act.page), PAGE, act.as as Protection);
        return;
      default:
        return yield* this.#protocol(env, record, act);
    }
  }

  #deadline(env: Env, ns: number): number {
    return ns > 0 ? env.now() + ns : ns;
  }

  /** Steps as they should be, whatever the words say by now. */
  *#protocol(env: Env, record: Addr, act: Act): Coroutine<void> {
    const { memory, umcg } = env;
    if (act.act === "preempt") {
      const other = this.#page(act.other);
      yield* memory.cmpxchg32(stateOf(other), 1, 0x201);
      yield* umcg.kick(0, this.#attackerTid(act.other));
    } else if (act.act === "goIdle") {
      yield* memory.store32(stateOf(record), 2);
      yield* memory.store64(idleServersOf(record), yield* memory.load64(this.#servers));
      yield* memory.store64(this.#servers, BigInt(idleServersOf(record)));
      yield* memory.store32(nextTidOf(record), 0);
      yield* umcg.wait(0, this.#deadline(env, act.deadline));
    } else if (act.act === "runListed") {
      const node = Number(yield* memory.xchg64(this.#workers, 0n));
      const worker = this.#records.findIndex((each) => idleWorkersOf(each) === node);
      if (worker < 0) return;
      yield* memory.store64(node as Addr, BigInt(this.#workers));
      yield* this.#switchTo(env, record, worker, env.tid, act.deadline);
    } else if (act.act === "park") {
      yield* memory.store32(stateOf(record), 0x101);
      const server = this.#tids.indexOf((yield* memory.load32(serverTidOf(record))) as Tid);
      if (server >= 0) yield* memory.store32(stateOf(this.#records[server]!), 1);
      yield* memory.store32(stateOf(record), 0x102);
      yield* memory.store32(nextTidOf(record), 0);
      yield* umcg.wait(0, this.#deadline(env, act.deadline));
    } else if (act.act === "swap") {
      const server = yield* memory.load32(serverTidOf(record));
      yield* this.#switchTo(env, record, act.other % this.#records.length, server, 0);
    }
  }

  *#switchTo(env: Env, self: Addr, to: number, server: number, deadline: number): Coroutine<void> {
    const { memory } = env;
    const other = this.#records[to]!;
    yield* memory.store32(stateOf(self), 2);
    yield* memory.store32(serverTidOf(other), server);
    yield* memory.store32(stateOf(other), 1);
    yield* memory.store32(nextTidOf(self), this.#tids[to]!);
    yield* env.umcg.wait(0, this.#deadline(env, deadline));
    yield* memory.store32(nextTidOf(self), 0);
  }
}
