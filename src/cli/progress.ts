/**
 * The line that says how far a command is: what has been done, at what rate, and how much time is left.
 *
 *     exploring: 12400 executions, 31.2 k/s, 34 %, 1 min 5 s left
 *
 * It is drawn on stderr, on a terminal only, and not before two seconds have gone by: short commands and logs stay clean.
 * It is one line, cut to the terminal's width, because a wrapped line cannot be erased. The time left is from the share
 * that this process has done and the time it took it for that, so work taken up from a file counts for neither.
 */

import { plural } from "../diagnostics/plural.ts";
import type { CliIo } from "./io.ts";

const QUIET_MS = 2000;
const ERASE_LINE = "\r\x1b[K";
const DEFAULT_COLUMNS = 80;
/** Before that share of the work is behind, how long the rest takes is anybody's guess. */
const LEAST_SHARE = 0.005;

/** Something that takes its time. */
export interface Progressing {
  /** Share that is behind, 0 to 1; 0 as well when nobody knows. */
  readonly progress: number;
  /** What has been done, to be told with its rate. */
  readonly done?: { readonly count: number; readonly thing: string };
  /** Told behind all else. */
  readonly note?: string | undefined;
}

export class ProgressLine {
  readonly #io: CliIo;
  readonly #startedAt: number;
  #label = "";
  #work: Progressing = { progress: 0 };
  #beganAt = 0;
  #progressBefore = 0;
  #countBefore = 0;
  #drawn = false;

  /** The two seconds begin. */
  constructor(io: CliIo) {
    this.#io = io;
    this.#startedAt = io.clock();
  }

  /** `work` is what is under way from now on. `label` goes before all else. */
  begin(label: string, work: Progressing): void {
    this.#label = label;
    this.#work = work;
    this.#beganAt = this.#io.clock();
    this.#progressBefore = work.progress;
    this.#countBefore = work.done?.count ?? 0;
  }

  /** To be called now and then, ten times a second at most. */
  draw(): void {
    const { stderr } = this.#io;
    if (!stderr.isTTY || this.#io.clock() - this.#startedAt < QUIET_MS) return;
    // A terminal that does not know its width says 0.
    const line = this.#text().slice(0, (stderr.columns || DEFAULT_COLUMNS) - 1);
    stderr.write(`${ERASE_LINE}${line}`);
    this.#drawn = true;
  }

  erase(): void {
    if (this.#drawn) this.#io.stderr.write(ERASE_LINE);
    this.#drawn = false;
  }

  #text(): string {
    const { progress, done, note } = this.#work;
    const seconds = Math.max(1e-6, (this.#io.clock() - this.#beganAt) / 1000);
    const parts: string[] = [];
    if (done !== undefined) {
      parts.push(plural(done.count, done.thing), formatRate((done.count - this.#countBefore) / seconds));
    }
    if (progress > 0 || done === undefined) parts.push(`${Math.floor(100 * progress)} %`);
    const share = progress - this.#progressBefore;
    if (share >= LEAST_SHARE && progress < 1) {
      parts.push(`${formatSeconds((seconds * (1 - progress)) / share)} left`);
    }
    if (note !== undefined) parts.push(note);
    return `${this.#label}: ${parts.join(", ")}`;
  }
}

/** "7.5/s", "312/s", "31.2 k/s", "1.25 M/s". */
export function formatRate(perSecond: number): string {
  if (perSecond < 1000) return `${Number(perSecond.toPrecision(3))}/s`;
  const [scaled, unit] = perSecond < 999_500 ? [perSecond / 1e3, "k"] : [perSecond / 1e6, "M"];
  return `${scaled < 1000 ? scaled.toPrecision(3) : Math.round(scaled)} ${unit}/s`;
}

/** "7 s", "2 min 5 s", "3 h 20 min"; a part of a second counts for one. */
export function formatSeconds(seconds: number): string {
  const whole = Math.ceil(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${whole % 60} s` : `${whole} s`;
}
