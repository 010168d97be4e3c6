/**
 * A host thread as it sees itself: plain functions that ask its task for what it cannot do, and wait for the turn to come back.
 *
 * While it waits, it sleeps on its turn word; nothing else wakes it. It takes no part in the kernel and holds no lock of it.
 */
import { textOf } from "../../../diagnostics/text-of.ts";
import { monotonicNs } from "../../../hosts/threads/clock.ts";
import {
  ACTIVITY_BLOCKS,
  ACTIVITY_COMPUTES,
  ACTIVITY_ENDED,
  EVENT_DONE,
  type HostTaskWords,
  TURN_KERNEL,
  TURN_USER,
} from "../../../hosts/threads/vcpu/host-task-words.ts";
import { ATT_HOST, ATT_TURN, type VcpuWords } from "../../../hosts/threads/vcpu/words.ts";
import { MachineError } from "../../../kernel-sim/errors.ts";
import type { Kernel } from "../../../kernel-sim/kernel.ts";
import { checkTime } from "../../../kernel-sim/times.ts";
import {
  CALL_BLOCK,
  CALL_COME_IN,
  CALL_END,
  CALL_FAULT,
  CALL_SPAWN,
  CALL_SPAWN_WORKER,
  type SpawnRequest,
} from "./calls.ts";
import { HostTaskError, packError, tryPack, unpackError } from "./errors.ts";
import { type Faulting, HostMemory } from "./host-memory.ts";
import { STATUS_NOTHING, STATUS_NUMBER, STATUS_TEXT, STATUS_THREW } from "./proxy.ts";

/** How long at a time a thread sleeps for its turn. */
const LOOK_MS = 1000;

export class HostThread implements Faulting {
  readonly slot: number;
  readonly memory: HostMemory;
  readonly say: (value: unknown) => void;
  readonly #words: HostTaskWords;
  readonly #cpus: VcpuWords;

  /** `say` tells main something. */
  constructor(
    slot: number,
    words: HostTaskWords,
    cpus: VcpuWords,
    { buffer, pages }: Kernel,
    say: (value: unknown) => void,
  ) {
    this.slot = slot;
    this.say = say;
    this.#words = words;
    this.#cpus = cpus;
    this.memory = new HostMemory(buffer as SharedArrayBuffer, pages, this);
  }

  get tid(): number {
    return this.#words.tid(this.slot);
  }
  get cpu(): number {
    return this.#words.home(this.slot);
  }
  /** ns since boot. */
  now(): number {
    return monotonicNs() - this.#cpus.zeroNs;
  }

  /** Has the task do call number `call`, and waits for it. Throws what that throws. */
  call(call: number, args: readonly (number | undefined)[]): number {
    const { slot } = this;
    const words = this.#words;
    // What is left out is undefined there, too.
    words.setArguments(slot, args);
    this.#request(call);
    this.awaitTurn();
    if (words.status(slot) === STATUS_THREW) throw unpackError(words.text(slot));
    return words.result(slot);
  }

  /** Has the task start another, as a worker or not: its tid, or its record and generation. */
  spawn(request: SpawnRequest, asWorker: boolean): readonly [number, number] {
    const { slot } = this;
    const text = tryPack(request);
    if (text === undefined || !this.#words.setText(slot, text))
      throw new MachineError(
        "ERR_CONFIG",
        "the arguments of a thread that a thread starts are what can be serialized in 4096 bytes",
      );
    const result = this.call(asWorker ? CALL_SPAWN_WORKER : CALL_SPAWN, []);
    return [result, this.#words.argument(slot, 0)];
  }

  safepoint(): void {
    if (!this.#words.wants(this.slot)) return;
    this.#request(CALL_COME_IN);
    this.awaitTurn();
  }
  fault(a: number, size: number, write: boolean): void {
    this.call(CALL_FAULT, [a, size, write ? 1 : 0]);
  }

  /** Computes for `ns`. Throws ERR_TIME. */
  work(ns: number): void {
    checkTime("work(ns)", ns);
    const end = this.now() + ns;
    while (this.now() < end) this.safepoint();
  }

  /** The turn is the CPU's from here on. */
  beginBlocking(): void {
    this.#words.setActivity(this.slot, ACTIVITY_BLOCKS);
    this.#request(CALL_BLOCK);
  }
  endBlocking(): void {
    this.#words.setActivity(this.slot, ACTIVITY_COMPUTES);
    this.done();
    this.awaitTurn();
  }
  /** What the task sleeps for has happened. */
  done(): void {
    const { slot } = this;
    this.#words.setDone(slot, true);
    this.#words.announce(slot, EVENT_DONE);
    // A task that has no home yet looks before it sleeps.
    this.#cpus.ring(this.cpu, ATT_HOST);
  }

  /** The function is over, with `value`: the turn is the CPU's for good. */
  end(value: unknown, threw: boolean): void {
    const { slot } = this;
    const words = this.#words;
    words.setStatus(slot, this.#settle(value, threw));
    words.setActivity(slot, ACTIVITY_ENDED);
    this.#request(CALL_END);
  }

  #settle(value: unknown, threw: boolean): number {
    const { slot } = this;
    const words = this.#words;
    if (!threw && value === undefined) return STATUS_NOTHING;
    if (!threw && typeof value === "number") {
      words.setResult(slot, value);
      return STATUS_NUMBER;
    }
    const packed = threw ? undefined : tryPack(value);
    if (packed !== undefined && words.setText(slot, packed)) return STATUS_TEXT;
    words.setText(slot, packError(threw ? value : tooBig(value)));
    return STATUS_THREW;
  }

  awaitTurn(): void {
    this.#words.awaitTurn(this.slot, LOOK_MS);
  }

  #request(call: number): void {
    const { cpu } = this;
    this.#words.setCall(this.slot, call);
    this.#words.give(this.slot, TURN_USER, TURN_KERNEL);
    this.#cpus.ring(cpu, ATT_TURN);
  }
}

function tooBig(value: unknown): HostTaskError {
  return new HostTaskError(
    "ERR_HOST_RESULT",
    `a result is a number, nothing, or what can be serialized in 4096 bytes, got ${textOf(value)}`,
  );
}
