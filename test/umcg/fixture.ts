/** A stepped machine with UMCG records, for tests that replay one operation at a time. */
import {
  type Addr,
  apiVersionOf,
  createStepper,
  idleServersOf,
  idleWorkersOf,
  nextTidOf,
  type Stepper,
  type StepperConfig,
  serverTidOf,
  stateOf,
  type Tid,
  UMCG_CTL_REGISTER,
  UMCG_CTL_WORKER,
  UMCG_TASK_IDLE,
  UMCG_TASK_RUNNING,
} from "../../src/index.ts";

export interface Party {
  readonly tid: Tid;
  readonly record: Addr;
}

export class Fixture {
  readonly s: Stepper;
  /** List heads, both empty. */
  readonly idleWorkers: Addr;
  readonly idleServers: Addr;

  constructor(config: StepperConfig = {}) {
    this.s = createStepper({ userBytes: 1 << 16, umcg: "posted", check: "kernel", ...config });
    this.idleWorkers = this.s.allocate(8);
    this.idleServers = this.s.allocate(8);
  }

  /** A record with the given words; api_version 1 unless given. */
  record(words: { state?: number; version?: number; server?: number; next?: number } = {}): Addr {
    const record = this.s.allocate(64, 64);
    this.s.store32(stateOf(record), words.state ?? 0);
    this.s.store32(apiVersionOf(record), words.version ?? 1);
    this.s.store32(serverTidOf(record), words.server ?? 0);
    this.s.store32(nextTidOf(record), words.next ?? 0);
    return record;
  }

  /** A plain task in user mode. */
  plain(): Tid {
    return this.s.task();
  }

  /** A registered server in user mode, RUNNING. */
  server(): Party {
    const tid = this.s.task();
    const record = this.record({ state: UMCG_TASK_RUNNING });
    this.register(tid, record, 0);
    this.s.store32(serverTidOf(record), tid);
    return { tid, record };
  }

  /** A registered worker: asleep in the wake hook, IDLE, listed. */
  worker(pointers: { workers?: Addr; servers?: Addr } = {}): Party {
    const tid = this.s.task();
    const record = this.record({ state: UMCG_TASK_IDLE });
    this.s.store64(idleWorkersOf(record), BigInt(pointers.workers ?? this.idleWorkers));
    this.s.store64(idleServersOf(record), BigInt(pointers.servers ?? this.idleServers));
    this.register(tid, record, UMCG_CTL_WORKER);
    return { tid, record };
  }

  register(tid: Tid, record: Addr, kind: number): number | undefined {
    return this.s.step(tid, { do: "umcg_ctl", flags: UMCG_CTL_REGISTER | kind, self: record });
  }

  wait(tid: Tid, flags = 0, absTimeoutNs = 0): number | undefined {
    return this.s.step(tid, { do: "umcg_wait", flags, absTimeoutNs });
  }

  /** Server `s` runs worker `w`: W leaves its list, S goes to sleep. */
  run(s: Party, w: Party): number | undefined {
    this.takeFromList(w);
    this.s.store32(stateOf(s.record), UMCG_TASK_IDLE);
    this.s.store32(serverTidOf(w.record), s.tid);
    this.s.store32(stateOf(w.record), UMCG_TASK_RUNNING);
    this.s.store32(nextTidOf(s.record), w.tid);
    const result = this.wait(s.tid);
    this.s.store32(nextTidOf(s.record), 0);
    return result;
  }

  /** Unlinks everything from the idle worker list and re-points `w`. For tests with one listed worker. */
  takeFromList(w: Party): void {
    this.s.store64(this.idleWorkers, 0n);
    this.s.store64(idleWorkersOf(w.record), BigInt(this.idleWorkers));
  }

  /** Puts server `s` on the idle server list, IDLE and asleep in sys_umcg_wait. */
  idle(s: Party): void {
    this.s.store32(stateOf(s.record), UMCG_TASK_IDLE);
    this.s.store64(idleServersOf(s.record), this.s.load64(this.idleServers));
    this.s.store64(this.idleServers, BigInt(idleServersOf(s.record)));
    this.wait(s.tid);
  }

  state(party: Party): number {
    return this.s.load32(stateOf(party.record));
  }
  mode(party: Party | Tid): string {
    return this.s.inspect(typeof party === "number" ? party : party.tid).mode;
  }
  /** Records on the idle worker list, newest first. */
  listed(): number[] {
    const records: number[] = [];
    for (let node = this.s.load64(this.idleWorkers); node !== 0n; ) {
      records.push(Number(node) - 24);
      if (records.length > 100) throw new Error("the idle worker list is a cycle");
      node = this.s.load64(Number(node) as Addr);
    }
    return records;
  }
}
