/**
 * What the owner of a runtime looks after from time to time: threads that run for too long while others are ready, which are
 * asked to give way; threads that have not run for too long, which are reported; a policy that does not come back, which ends
 * the runtime.
 *
 * All are timers of the owner's event loop, and do not keep it alive: an owner that is busy looks later.
 */
import type { Coroutine } from "../atomics/step.ts";
import type { ThreadError } from "./errors.ts";
import { CPU_SINCE, ID, KICKS } from "./layout.ts";
import type { ResolvedOptions } from "./options.ts";
import { choiceOf, nameOfPolicy } from "./policies/index.ts";
import { LOOKS, PolicyWatch, stuckPolicy } from "./policy-watch.ts";
import type { Scheduler } from "./scheduler.ts";
import { formatReport, snapshot, type ThreadsReport } from "./snapshot.ts";

export interface OverseerHooks {
  run(body: Coroutine<void>): Promise<void>;
  /** Hears of a policy that does not come back, and what to tell everybody. */
  stuck(failure: ThreadError): void;
}

export class Overseer {
  readonly #scheduler: Scheduler;
  readonly #options: ResolvedOptions;
  readonly #watch: PolicyWatch;
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(scheduler: Scheduler, options: ResolvedOptions, { run, stuck }: OverseerHooks) {
    this.#scheduler = scheduler;
    this.#options = options;
    this.#watch = new PolicyWatch(scheduler.board);
    const { quantumMs, watchdogMs, policyTimeoutMs } = options;
    if (policyTimeoutMs > 0) this.#every(policyTimeoutMs / LOOKS, () => this.#lookAtPolicy(stuck));
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
    const now = this.#scheduler.words.now();
    return snapshot(this.#scheduler.board, now, nameOf, this.#watch.see(now));
  }

  #every(ms: number, look: () => void): void {
    this.#timers.push(setInterval(look, ms).unref());
  }

  #lookAtPolicy(stuck: (failure: ThreadError) => void): void {
    const { board, words } = this.#scheduler;
    const now = words.now();
    const call = this.#watch.look(now);
    if (call === undefined) return;
    const name = nameOfPolicy(choiceOf(this.#options.policy));
    stuck(stuckPolicy(call, name, board.words[board.record(call.slot) + ID]!, now));
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
    const late =
      report.lockedForNs > watchdogMs * 1e6 ||
      report.threads.some(({ state, sinceNs }) => state !== "running" && sinceNs > watchdogMs * 1e6);
    if (late)
      print([`host threads that have not run for ${watchdogMs} ms:`, ...formatReport(report)].join("\n  "));
  }
}
