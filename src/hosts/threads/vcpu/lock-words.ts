/**
 * The words of the kernel's locks, behind those of the host (words.ts), and what each CPU has counted about them.
 *
 * | word         | written by                                                                                             |
 * |--------------|--------------------------------------------------------------------------------------------------------|
 * | objects      | who takes the objects lock alone: FREE, TAKEN, CONTENDED (taken, and somebody may sleep for it)          |
 * | numbered     | who emits trace events, with a lock: how many sections have been numbered                                 |
 * | inside       | of each CPU, that CPU: 1 while it has the objects lock shared; who waits for it to leave: 2               |
 * | queue        | of each CPU: FREE, TAKEN, CONTENDED                                                                       |
 * | stamp        | of each queue, its holder: the latest time at which anybody held it, ns                                   |
 * | bucket       | of each futex bucket: FREE, TAKEN, CONTENDED                                                              |
 * | counts       | of each CPU and of main, that CPU or main; read by anybody, as they are                                   |
 * | file         | of each pipe and each slot of a file (file-locks.ts): FREE, TAKEN, CONTENDED; to the end of the buffer       |
 *
 * A cache line for each, but for buckets.
 */
import { FUTEX_BUCKETS } from "../../../kernel-sim/layout.ts";
import { LOCK_BUCKET, LOCK_QUEUE } from "./lock-order.ts";
import { VcpuWords } from "./words.ts";

/** Words of a cache line. */
const LINE = 16;

/** What is counted for each class of locks; the objects lock alone counts as a class behind the others. */
export const COUNT_ALONE = 5;
const COUNTED = 6;
const ACQUIRED = 0;
const CONTENDED = 1;
const HELD_NS = 2;
const OVERLAPS: number = COUNTED * 3;
/** Numbers of a CPU's counts. */
const COUNTS = 24;

/** How often a lock was taken, how often not at once, and how long it was held, ns, estimated from each 16th time. */
export interface LockCounts {
  readonly acquired: number;
  readonly contended: number;
  readonly heldNs: number;
}

export class LockWords {
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly #numbers: Float64Array<SharedArrayBuffer>;
  readonly vcpus: number;
  /** Where in `#numbers` the counts begin. */
  readonly #counts: number;
  /** Where in `words` the locks of files begin. */
  readonly #files: number;

  /** `files`: how many locks files have. */
  static bytes(vcpus: number, files: number): number {
    return (LINE * (2 + 2 * vcpus + files) + FUTEX_BUCKETS) * 4 + COUNTS * (vcpus + 1) * 8;
  }

  /** Those of the host, and these. */
  static bytesBehind(vcpus: number, files: number): number {
    return VcpuWords.bytes(vcpus) + LockWords.bytes(vcpus, files);
  }

  /** Those of the machine whose host has `shared`. */
  constructor({ words, vcpus }: VcpuWords) {
    const at = words.byteOffset + VcpuWords.bytes(vcpus);
    this.words = new Int32Array(words.buffer, at);
    this.#numbers = new Float64Array(words.buffer, at);
    this.vcpus = vcpus;
    this.#counts = (LINE * (2 + 2 * vcpus) + FUTEX_BUCKETS) >> 1;
    this.#files = LockWords.bytes(vcpus, 0) >> 2;
  }

  // Where in `words` they are.
  readonly objects = 0;
  readonly numbered: number = LINE;
  inside(cpu: number): number {
    return LINE * (2 + cpu);
  }
  queue(cpu: number): number {
    return LINE * (2 + this.vcpus + cpu);
  }
  bucket(index: number): number {
    return LINE * (2 + 2 * this.vcpus) + index;
  }
  /** Of an epoll, too. */
  file(number: number): number {
    return this.#files + LINE * number;
  }
  /** The word of a lock below the objects lock. */
  wordOf(of: number, index: number): number {
    if (of === LOCK_QUEUE) return this.queue(index);
    return of === LOCK_BUCKET ? this.bucket(index) : this.file(index);
  }

  stampNs(cpu: number): number {
    return this.#numbers[(this.queue(cpu) >> 1) + 1]!;
  }
  setStampNs(cpu: number, to: number): void {
    this.#numbers[(this.queue(cpu) >> 1) + 1] = to;
  }

  /** `party`: a CPU, or `vcpus` for main. Returns how often, this time included. */
  countAcquired(party: number, of: number, contended: boolean): number {
    const at = this.#counts + COUNTS * party + 3 * of;
    if (contended) this.#numbers[at + CONTENDED]!++;
    return ++this.#numbers[at + ACQUIRED]!;
  }
  addHeldNs(party: number, of: number, ns: number): void {
    this.#numbers[this.#counts + COUNTS * party + 3 * of + HELD_NS]! += ns;
  }
  countOverlap(party: number): void {
    this.#numbers[this.#counts + COUNTS * party + OVERLAPS]!++;
  }

  /** Of all CPUs and main. `of`: a class, or COUNT_ALONE. */
  counts(of: number): LockCounts {
    return {
      acquired: this.#sum(3 * of + ACQUIRED),
      contended: this.#sum(3 * of + CONTENDED),
      heldNs: this.#sum(3 * of + HELD_NS),
    };
  }
  get overlaps(): number {
    return this.#sum(OVERLAPS);
  }
  #sum(count: number): number {
    let sum = 0;
    for (let party = 0; party <= this.vcpus; party++)
      sum += this.#numbers[this.#counts + COUNTS * party + count]!;
    return sum;
  }
}
