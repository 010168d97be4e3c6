/** What a checker knows of one registered task beside the words in memory: where it is, and what is owed to it. */
import type { Addr } from "../../atomics/address.ts";
import { offsetBy } from "../../atomics/address.ts";
import { idleServersOf, idleWorkersOf, stateOf } from "../abi.ts";

export class Party {
  readonly tid: number;
  readonly record: Addr;
  readonly worker: boolean;
  readonly state: Addr;
  /** Its list node: idle_workers_ptr of a worker, idle_servers_ptr of a server. */
  readonly node: Addr;
  /** A worker's list head, and whether it is the first to have it. */
  head = 0n;
  bringsHead = false;
  /** While it registers: who had this record before, and has it still if that fails. */
  shadows: Party | undefined = undefined;
  /** Its state word was written while it registered: nobody knows which one the kernel has read. */
  disturbed = false;

  /** It is in a sys_umcg_wait that sleeps, or in its registration. */
  waits = false;
  registering = false;
  /** It is unregistering or on its end: the kernel has forgotten it, and writes its last words. */
  leaving = false;
  /** It is on its way to user mode, where the hardened profile parks. */
  resuming = false;
  /** Since when it has been kicked and PREEMPTED. */
  kickedNs: number = Number.POSITIVE_INFINITY;
  /** It has been descheduled asleep. */
  asleep = false;
  /** How often; and how often the kernel wrote its word, both but on the way to user mode. */
  sleeps = 0;
  kernelWrites = 0;
  /** Somebody else has made it RUNNING since it was IDLE last. */
  woken = false;
  /** Of a server: it is RUNNING because its own wait ended, whatever its worker does. */
  excused = false;
  /** Of a server: the worker that runs on it; of a worker: its server. */
  partner: Party | undefined = undefined;

  /** The kernel has parked it: it executes no user code until somebody has made it RUNNING. */
  parked = false;
  /** It has just been made RUNNING: its first step in user mode is looked at. */
  fresh = false;
  /** On an idle worker list of the kernel's. */
  listed = false;
  /** Wake events that have not led to a push yet, how many pushes there were, and how many of them because of a preemption. */
  owedPushes = 0;
  pushes = 0;
  preemptions = 0;
  /** Servers that it has woken since it was pushed last. */
  woke = 0;
  /** The server that block detection owes a wake-up on account of this worker, and how often it had been RUNNING then. */
  owes: Party | undefined = undefined;
  owesSince = 0;
  /** Of a server: how often it was made RUNNING. */
  runs = 0;
  /** Compare-exchanges on the list head that its push has lost. */
  lostTries = 0;

  constructor(tid: number, record: Addr, worker: boolean) {
    this.tid = tid;
    this.record = record;
    this.worker = worker;
    this.state = stateOf(record);
    this.node = worker ? idleWorkersOf(record) : idleServersOf(record);
  }

  /** The words of its record as they are, for a report. */
  get fields(): readonly (readonly [name: string, at: Addr, bytes: 4 | 8])[] {
    return [
      ["server_tid", offsetBy(this.record, 8), 4],
      ["next_tid", offsetBy(this.record, 12), 4],
      ["idle_servers_ptr", offsetBy(this.record, 16), 8],
      ["idle_workers_ptr", offsetBy(this.record, 24), 8],
    ];
  }
}
