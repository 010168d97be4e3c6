/**
 * What the owner of a runtime looks after from time to time: threads that run for too long while others are ready, which are
 * asked to give way, and threads that have not run for too long, which are reported.
 *
 * Both are timers of the owner's event loop, and do not keep it alive: an owner that is busy looks later.
 */
import type { Coroutine } from "../atomics/step.ts";
import { CPU_SINCE, KICKS } from "./layout.ts";
import type { ResolvedOptions } from "./options.ts";
import type { Scheduler } from "./scheduler.ts";
import { formatReport, snapshot, type ThreadsReport } from "./snapshot.ts";

export class Overseer {
  readonly #scheduler: Scheduler;
  readonly #options: ResolvedOptions;
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(scheduler: Scheduler, options: ResolvedOptions, run: (body: Coroutine<void>) => Promise<void>) {
    this.#scheduler = scheduler;
    this.#options = options;
    const { quantumMs, watchdogMs } = options;
    if (quantumMs > 0)
      this.#every(quantumMs, () => {
        if (scheduler.anybodyReady) void run(this.#tick());
      });
    if (watchdogMs > 0) this.#every(watchdogMs / 2, () => this.#warn());
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  report(nameOf: (id: number) => string | undefined): ThreadsReport {
    return snapshot(this.#scheduler.board, this.#scheduler.words.now(), nameOf);
  }

  #every(ms: number, look: () => void): void {
    this.#timers.push(setInterval(look, ms).unref());
  }

  /** Kicks every owner whose quantum is over. */
  *#tick(): Coroutine<void> {
    const { board, words } = this.#scheduler;
    yield* this.#scheduler.lock();
    const latest = words.now() - this.#options.quantumMs * 1e6;
    for (let cpu = 0; cpu < board.layout.sizes.cpus; cpu++) {
      const owner = board.ownerOf(cpu);
      if (owner === 0 || board.times[(board.cpuRecord(cpu) >> 1) + CPU_SINCE]! > latest) continue;
      if (board.preempt(owner)) board.words[board.record(owner) + KICKS]!++;
    }
    yield* this.#scheduler.unlock();
  }

  /** Says who waits for what, if somebody has waited for too long. */
  #warn(): void {
    const report = this.report(() => undefined);
    const { watchdogMs, print } = this.#options;
    const late = report.threads.some(
      ({ state, sinceNs }) => state !== "running" && sinceNs > watchdogMs * 1e6,
    );
    if (late)
      print([`host threads that have not run for ${watchdogMs} ms:`, ...formatReport(report)].join("\n  "));
  }
}
