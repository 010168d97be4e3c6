/**
 * An exploration whose parts are explored by threads; its result is that of a serial one (explore/frontier).
 *
 * Whoever has nothing to do is given a unit that is known to be left: one thread what comes next in the order of the serial search, so
 * that what is put off until its turn can be counted; the others units nearest to the root, which are large. When nothing is known to be left, the one who has been busy longest is asked to come back: what remains of
 * its unit is shared. So there are no more messages than are needed for everybody to be busy.
 *
 * Whether that pays is judged by what comes back (sharing.ts).
 *
 * Rejected: parts of a fixed size (too many messages where they are small, nothing to do at the end where they are large).
 */
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { attemptsOf } from "../explore/frontier/counts.ts";
import type { Assignment } from "../explore/frontier/job.ts";
import type { PartedExploration } from "../explore/frontier/parted-exploration.ts";
import type { ExploreOptions } from "../explore/options.ts";
import type { ProgramModule } from "./program-module.ts";
import {
  COME_BACK,
  type Failure,
  failureOf,
  GO_ON,
  type Order,
  type Report,
  type ThreadStart,
} from "./protocol.ts";
import { Sharing } from "./sharing.ts";

/** How long there is nothing to look at unless a thread reports, ms. */
const LOOK_MS = 20;
/** How long those who are asked to come back at the end are waited for, ms. */
const LAST_CALL_MS = 2000;

/** A thread failed: it could not load the program, or the program is at fault. `code` and `name` are those of what it threw. */
export class ThreadError extends Error {
  readonly code: string;
  constructor({ name, code, message }: Failure["failed"]) {
    super(message);
    this.name = name;
    this.code = code;
  }
}

interface Hand {
  /** Started when there is first something to do for it: a search that is soon over costs no start of a thread that it does not need. */
  worker: Worker | undefined;
  readonly word: Int32Array;
  assigned: Assignment | undefined;
  /** Since when, ms. */
  busySince: number;
  next: boolean;
  made: number;
}

export class ParallelExploration {
  readonly #exploration: PartedExploration;
  readonly #hands: readonly Hand[];
  readonly #clock: () => number;
  readonly #sharing: Sharing;
  readonly #program: ProgramModule;
  readonly #options: ExploreOptions;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  #closing = false;

  /** `options` are those of the exploration. `clock`: in ms. */
  constructor(
    exploration: PartedExploration,
    program: ProgramModule,
    options: ExploreOptions,
    workers: number,
    clock: () => number,
  ) {
    this.#exploration = exploration;
    this.#clock = clock;
    this.#sharing = new Sharing(clock());
    this.#program = program;
    this.#options = options;
    this.#hands = Array.from({ length: workers }, () => {
      const word = new Int32Array(new SharedArrayBuffer(4));
      return { worker: undefined, word, assigned: undefined, busySince: 0, next: false, made: 0 };
    });
  }

  /** Executions that each thread has made, counted or not. */
  get made(): number[] {
    return this.#hands.map(({ made }) => made);
  }

  /** Gives everybody something to do. Returns whether the exploration is at its end. Throws what a thread has failed with. */
  advance(): boolean {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#exploration.ended) return true;
    let idle = 0;
    if (this.#sharing.alone && !this.#hands.some(isBusy)) this.#exploration.gather();
    for (const hand of this.#hands) if (!isBusy(hand) && !this.#employ(hand)) idle++;
    if (idle > 0) this.#askOne();
    return false;
  }

  /** Until a thread reports, or for a while. */
  async wait(): Promise<void> {
    if (this.#failure !== undefined || this.#exploration.ended) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, LOOK_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }

  /** Calls everybody back, so that what they have done by now is counted. */
  async recall(): Promise<void> {
    const until = this.#clock() + LAST_CALL_MS;
    for (const { word } of this.#hands) Atomics.store(word, 0, COME_BACK);
    while (this.#hands.some(isBusy) && this.#clock() < until) {
      if (this.#exploration.ended || this.#failure !== undefined) return;
      await this.wait();
    }
  }

  /** Ends the threads, whatever they are doing. */
  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all(this.#hands.map(({ worker }) => worker?.terminate()));
  }

  /** Whether there is anything to do for it. */
  #employ(hand: Hand): boolean {
    if (this.#sharing.alone && this.#hands.some(isBusy)) return false;
    const next = !this.#hands.some((other) => other.next && isBusy(other));
    const assignment = this.#exploration.next(!next);
    if (assignment === undefined) return false;
    hand.next = next;
    hand.assigned = assignment;
    hand.busySince = this.#clock();
    Atomics.store(hand.word, 0, GO_ON);
    const order: Order = { job: assignment.job, lessons: [...this.#exploration.lessons] };
    hand.worker ??= this.#start(hand);
    hand.worker.postMessage(order);
    return true;
  }

  #start(hand: Hand): Worker {
    const file = `./explore-thread${extname(fileURLToPath(import.meta.url))}`;
    const start: ThreadStart = { program: this.#program, options: this.#options, word: hand.word };
    const worker = new Worker(new URL(file, import.meta.url), { workerData: start });
    worker.on("message", (message: Report | Failure) => this.#receive(hand, message));
    worker.on("error", (cause) => this.#fail(new ThreadError(failureOf(cause))));
    worker.on("exit", (code) => {
      if (!this.#closing) this.#fail(new ThreadError(exited(code)));
    });
    return worker;
  }

  /** Has the one come back that has been busy longest, if that is long enough. */
  #askOne(): void {
    const busy = this.#hands.filter((hand) => isBusy(hand) && hand.word[0] === GO_ON);
    if (busy.length === 0) return;
    const oldest = busy.reduce((a, b) => (b.busySince < a.busySince ? b : a));
    if (this.#clock() - oldest.busySince >= this.#sharing.patience) Atomics.store(oldest.word, 0, COME_BACK);
  }

  #receive(hand: Hand, message: Report | Failure): void {
    if ("failed" in message) {
      this.#fail(new ThreadError(message.failed));
      return;
    }
    const assignment = hand.assigned!;
    hand.assigned = undefined;
    const { counts, rest } = message.result;
    hand.made += attemptsOf(counts);
    const now = this.#clock();
    this.#sharing.note(attemptsOf(counts), now - hand.busySince, rest !== undefined, now);
    this.#exploration.deliver(assignment, message.result);
    this.#wake?.();
  }

  #fail(cause: unknown): void {
    this.#failure ??= cause instanceof Error ? cause : new Error(String(cause));
    this.#wake?.();
  }
}

function isBusy({ assigned }: Hand): boolean {
  return assigned !== undefined;
}

function exited(code: number): Failure["failed"] {
  const message = `a thread of the exploration has ended with code ${code}: the program has called process.exit()`;
  return { name: "ThreadError", code: "ERR_WORKER_EXIT", message };
}
