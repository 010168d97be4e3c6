/**
 * One invocation of a command that runs machines: it can be interrupted, and it shows that it is alive.
 *
 * A run goes in stretches of some 100 ms of wall time; between them signals are handled and the progress line is drawn.
 */
import { Interrupted } from "./errors.ts";
import type { CliIo, StopSignal } from "./io.ts";
import { type Progressing, ProgressLine } from "./progress.ts";

const STRETCH_MS = 100;
/** Times a run asks whether to stop for one look at the clock. */
const ASKED_PER_LOOK = 4;

/** Something that goes in stretches. */
export interface Stretched extends Progressing {
  /** Goes on to the end or until `stop`, asked now and then, says so. Returns whether it is at the end. */
  advance(stop: () => boolean): boolean;
  /** What others do for it is waited for. */
  readonly wait?: (() => Promise<void>) | undefined;
  /** Ends what runs by itself. */
  close?(): Promise<void>;
}

export class Session {
  readonly io: CliIo;
  readonly #line: ProgressLine;
  readonly #removeHandler: () => void;
  #signal: StopSignal | undefined;

  constructor(io: CliIo) {
    this.io = io;
    this.#line = new ProgressLine(io);
    this.#removeHandler = io.onSignal((signal) => {
      this.#signal ??= signal;
    });
  }

  /** Runs to the end. `label` goes before the percentage. Throws Interrupted, MachineError. */
  async finish<T>(run: Stretched & { result(): T }, label: string): Promise<T> {
    try {
      await this.follow(run, label);
      this.throwIfInterrupted();
    } finally {
      await run.close?.();
    }
    return run.result();
  }

  /** Goes to the end, or to an interruption, for commands that have something to show all the same. */
  async follow(run: Stretched, label: string): Promise<void> {
    this.#line.begin(label, run);
    for (let ended = false; !ended && this.#signal === undefined; ) {
      ended = run.advance(this.#stretch());
      this.#line.draw();
      await this.io.turn();
      if (!ended && this.#signal === undefined) await run.wait?.();
    }
  }

  /** Has a signal come? What is under way is to end, and what there is to be shown. */
  get interrupted(): boolean {
    return this.#signal !== undefined;
  }

  /** Lets signals be handled. Throws Interrupted. */
  async breathe(): Promise<void> {
    await this.io.turn();
    this.throwIfInterrupted();
  }

  /** Throws Interrupted. */
  throwIfInterrupted(): void {
    if (this.#signal !== undefined) throw new Interrupted(this.#signal);
  }

  /** Erases the progress line and gives signals back their default meaning. */
  close(): void {
    this.#line.erase();
    this.#removeHandler();
  }

  #stretch(): () => boolean {
    const end = this.io.clock() + STRETCH_MS;
    let asked = 0;
    return () => ++asked % ASKED_PER_LOOK === 0 && this.io.clock() >= end;
  }
}
