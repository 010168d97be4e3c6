/** An exploration as something in progress: by this thread or by several, until its end, or until its time is over. */
import type { Outlook } from "../explore/frontier/outlook.ts";
import type { ParallelExploration } from "../parallel/parallel-exploration.ts";
import type { CliIo } from "./io.ts";
import type { Stretched } from "./session.ts";

/** What all kinds of explorations can say. */
export interface Explored {
  readonly attempts: number;
  readonly distinct: number | undefined;
  readonly progress: number;
  readonly ended: boolean;
  outlook(): Outlook | undefined;
  advance(stop: () => boolean): boolean;
}

export class ExplorationRun implements Stretched {
  readonly #exploration: Explored;
  readonly #threads: ParallelExploration | undefined;
  readonly #io: CliIo;
  readonly #startedAt: number;
  readonly #endsAt: number;
  readonly #before: number;

  constructor(exploration: Explored, threads: ParallelExploration | undefined, io: CliIo, seconds: number) {
    this.#exploration = exploration;
    this.#threads = threads;
    this.#io = io;
    this.#startedAt = io.clock();
    this.#endsAt = this.#startedAt + 1000 * seconds;
    this.#before = exploration.attempts;
  }

  get progress(): number {
    return this.#exploration.progress;
  }

  get done(): { readonly count: number; readonly thing: string } {
    return { count: this.#exploration.attempts, thing: "execution" };
  }

  get note(): string | undefined {
    const { distinct, ended } = this.#exploration;
    const outlook = ended ? undefined : this.#exploration.outlook();
    const all = estimateOf(this.#exploration, outlook);
    const parts = [
      ...(distinct === undefined ? [] : [`${distinct} distinct`]),
      ...(all === undefined ? [] : [`of about ${all}`]),
      ...(outlook === undefined ? [] : [`depth ${outlook.depth}`]),
    ];
    return parts.length > 0 ? parts.join(", ") : undefined;
  }

  /** Executions a second, of this run. */
  get rate(): number {
    const seconds = Math.max(1e-6, (this.#io.clock() - this.#startedAt) / 1000);
    return Math.round((this.#exploration.attempts - this.#before) / seconds);
  }

  advance(stop: () => boolean): boolean {
    const ended = this.#threads === undefined ? this.#exploration.advance(stop) : this.#threads.advance();
    return ended || this.#io.clock() >= this.#endsAt;
  }

  /** Until there is something to do again; undefined: there is. */
  get wait(): (() => Promise<void>) | undefined {
    const threads = this.#threads;
    return threads && (() => threads.wait());
  }
}

/** Executions of the whole, by what has been seen of it; two digits, for it is no more than a guess. */
export function estimateOf({ attempts }: Explored, outlook: Outlook | undefined): number | undefined {
  if (outlook === undefined || outlook.share === 0) return undefined;
  return Math.max(attempts, Number((attempts / outlook.share).toPrecision(2)));
}
