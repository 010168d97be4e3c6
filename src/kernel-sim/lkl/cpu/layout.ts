/**
 * Where the words of the kernel's CPUs lie, and what is in the one that decides.
 *
 * | word            | written by                                                                                     |
 * |-----------------|------------------------------------------------------------------------------------------------|
 * | gate            | anybody who enters or leaves (entry-gate.ts)                                                     |
 * | state           | anybody, by compare-and-exchange of the whole word                                               |
 * | line            | the owner: first thread of the line that it has put in order (wait-line.ts)                      |
 * | irqs off        | the owner: 0, or 1 while interrupts are off or a handler runs (irqs.ts)                          |
 * | irq index, bits | anybody sets bits, the owner takes them                                                          |
 * | next            | of a thread and a CPU: the thread, before it is in the line; the owner, while it is              |
 * | grant           | of a thread and a CPU: see wait-line.ts                                                          |
 *
 * The state of a CPU is one word, so that everything LKL does under its mutex is one compare-and-exchange here, and there is
 * no lock whose misuse a caller could observe:
 *
 *     bits  0-9  owner, a slot; 0 = free
 *     bits 10-13 depth: how often the owner has entered
 *     bit  14    closed: nobody enters any more
 *     bit  15    interrupt: the owner has interrupts to take before it leaves
 *     bit  16    poisoned: its owner has died
 *     bits 17-26 the last thread that has lined up; 0 = none since the owner looked
 *
 * A CPU that is free has nobody in its line and no interrupt to take: whoever frees it does so in one step with finding both.
 */
import { type Addr, addr } from "../../../atomics/address.ts";
import { LklError } from "../errors.ts";
import { wordAt } from "../host/words.ts";

export const OWNER: number = 0x3ff;
export const DEPTH_SHIFT = 10;
export const DEPTH: number = 0xf << DEPTH_SHIFT;
export const MAX_DEPTH = 15;
export const CLOSED: number = 1 << 14;
export const IRQ: number = 1 << 15;
export const POISONED: number = 1 << 16;
export const LINE_SHIFT = 17;
export const LINE: number = 0x3ff << LINE_SHIFT;

export const ownerOf = (state: number): number => state & OWNER;
export const depthOf = (state: number): number => (state & DEPTH) >>> DEPTH_SHIFT;
export const lastInLine = (state: number): number => (state & LINE) >>> LINE_SHIFT;

/** `state` with another owner, who has entered `depth` times. */
export function ownedBy(state: number, owner: number, depth: number): number {
  return (state & ~(OWNER | DEPTH)) | owner | (depth << DEPTH_SHIFT);
}

export interface CpuSizes {
  readonly cpus: number;
  /** Slots of host threads. */
  readonly threads: number;
  /** Interrupt lines, numbered from 1. */
  readonly irqLines: number;
  /** How many may be inside at once. */
  readonly maxInside: number;
}

export interface CpuLayout {
  readonly sizes: CpuSizes;
  readonly gate: Addr;
  readonly end: Addr;
  /** First record of a CPU, and bytes of one. */
  readonly records: Addr;
  readonly recordBytes: number;
}

const STATE = 0;
const FIRST = 1;
const IRQS_OFF = 2;
const IRQ_INDEX = 3;
const IRQ_BITS = 4;

const DEFAULT_CPU_SIZES: CpuSizes = { cpus: 1, threads: 64, irqLines: 64, maxInside: 1 << 20 };

/** Lays the words out from `base`, a multiple of 64; all are 0 to begin with. Throws ERR_HOST_LAYOUT. */
export function layOutCpus(base: number, sizes: Partial<CpuSizes> = {}): CpuLayout {
  const all = { ...DEFAULT_CPU_SIZES, ...sizes };
  check("cpus", all.cpus, 64);
  check("threads", all.threads, OWNER);
  check("irqLines", all.irqLines, 1023);
  check("maxInside", all.maxInside, 1 << 20);
  const irqWords = irqWordsOf(all);
  const recordBytes = Math.ceil((IRQ_BITS + irqWords + 2 * all.threads) / 16) * 64;
  const records = base + 64;
  return {
    sizes: all,
    gate: addr(base),
    records: addr(records),
    recordBytes,
    end: addr(records + all.cpus * recordBytes),
  };
}

function check(name: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  throw new LklError("ERR_HOST_LAYOUT", `${name} must be a whole number from 1 to ${most}, got ${value}`);
}

function irqWordsOf({ irqLines }: CpuSizes): number {
  return (irqLines >>> 5) + 1;
}

const recordOf = ({ records, recordBytes }: CpuLayout, cpu: number): Addr =>
  addr(records + cpu * recordBytes);

export function stateOf(layout: CpuLayout, cpu: number): Addr {
  return wordAt(recordOf(layout, cpu), STATE);
}
export function firstOf(layout: CpuLayout, cpu: number): Addr {
  return wordAt(recordOf(layout, cpu), FIRST);
}
export function irqsOffOf(layout: CpuLayout, cpu: number): Addr {
  return wordAt(recordOf(layout, cpu), IRQS_OFF);
}
export function irqIndexOf(layout: CpuLayout, cpu: number): Addr {
  return wordAt(recordOf(layout, cpu), IRQ_INDEX);
}
/** Word `word` of the bits of lines: line `32 * word + bit`. */
export function irqBitsOf(layout: CpuLayout, cpu: number, word: number): Addr {
  return wordAt(recordOf(layout, cpu), IRQ_BITS + word);
}
export function nextOf(layout: CpuLayout, cpu: number, thread: number): Addr {
  return wordAt(recordOf(layout, cpu), IRQ_BITS + irqWordsOf(layout.sizes) + 2 * (thread - 1));
}
export function grantOf(layout: CpuLayout, cpu: number, thread: number): Addr {
  return wordAt(nextOf(layout, cpu, thread), 1);
}
