/**
 * Who may run a machine, and its end.
 *
 * One run at a time: a run from within a run (a program, a sink, a `stop`) and a run beside one in slices are ERR_RUNNING. The
 * end is in order: those who live on the machine (tenants: runtimes), the last one first, then the machine's CPUs, then its
 * trace.
 *
 * A tenant is told to close and the machine runs, in slices, until it has, for GRACE_NS of virtual time at most: its workers
 * are cancelled and clean up. What is left after that is discarded, as an exiting process does with its threads: generators
 * are never resumed and their `finally` blocks do not run. A machine that failed, in the middle of something, is not run any
 * more, so there everything is discarded.
 */
import { messageOf } from "../diagnostics/text-of.ts";
import type { VirtualHost } from "../hosts/virtual/virtual-host.ts";
import { MachineError } from "../kernel-sim/errors.ts";
import { SLICE_MS, Slice, turn } from "./slice.ts";

/** Virtual time that a tenant has to close. */
const GRACE_NS = 1_000_000_000;

/** What lives on a machine and ends before it. */
export interface Tenant {
  /** Tells it to close. Called once, while no task executes; what follows from it happens when the machine runs. */
  close(): void;
  /** Nothing of it is left to run. */
  readonly closed: boolean;
}

export class Lifetime {
  readonly #host: VirtualHost;
  #executing = false;
  #sliced = false;
  /** What a run has thrown. */
  #failure: { readonly cause: unknown } | undefined;
  /** What closes each tenant that has not been closed, in order of adoption. */
  readonly #closers: Set<() => Promise<void>> = new Set();
  #end: Promise<void> | undefined;

  constructor(host: VirtualHost) {
    this.#host = host;
  }

  /** Throws ERR_DISPOSED. */
  checkAlive(): void {
    if (this.#end === undefined) return;
    throw new MachineError("ERR_DISPOSED", "the machine has been disposed of");
  }

  /** Throws ERR_HALTED when a run has thrown: who was in the middle of something never goes on. */
  checkUnfailed(): void {
    if (this.#failure === undefined) return;
    const { cause } = this.#failure;
    const message = `the machine has failed, and cannot be run on: ${messageOf(cause)}`;
    throw new MachineError("ERR_HALTED", message, { cause });
  }

  /** Throws ERR_RUNNING when a run in slices has begun and not ended. */
  checkWhole(): void {
    if (this.#sliced) throw new MachineError("ERR_RUNNING", "the machine is being run in slices");
  }

  /** A run in slices begins and ends. Throws ERR_RUNNING. */
  beginSlices(): void {
    this.checkWhole();
    this.#sliced = true;
  }
  endSlices(): void {
    this.#sliced = false;
  }

  /** VirtualHost.run, which is not entered twice. Throws ERR_RUNNING, and what the run throws. */
  drive(untilNs: number, stop: () => boolean): void {
    this.#checkOutside();
    this.#executing = true;
    try {
      this.#host.run(untilNs, stop);
    } catch (error) {
      this.#failure ??= { cause: error };
      throw error;
    } finally {
      this.#executing = false;
    }
  }

  /** Returns what closes the tenant, once, before the machine ends. */
  adopt(tenant: Tenant): () => Promise<void> {
    this.checkAlive();
    let closed: Promise<void> | undefined;
    const close = (): Promise<void> => {
      if (this.#executing) return this.#refuse();
      closed ??= this.#close(tenant, close);
      return closed;
    };
    this.#closers.add(close);
    return close;
  }

  /** `stop`: stops the CPUs of a machine that has not failed; `flush`: delivers what its trace holds. Idempotent. */
  dispose(stop: () => void, flush: () => void): Promise<void> {
    if (this.#executing) return this.#refuse();
    this.#end ??= this.#dispose(stop, flush);
    return this.#end;
  }

  async #dispose(stop: () => void, flush: () => void): Promise<void> {
    const errors: unknown[] = [];
    const closers = [...this.#closers].reverse();
    const last = (): void => {
      if (this.#failure === undefined) stop();
    };
    // Each has its turn, whatever became of the others.
    for (const part of [...closers, last, flush]) {
      try {
        await part();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  async #close(tenant: Tenant, closer: () => Promise<void>): Promise<void> {
    this.#closers.delete(closer);
    if (this.#failure !== undefined || tenant.closed) return;
    tenant.close();
    const untilNs = this.#host.now + GRACE_NS;
    for (let slice = new Slice(SLICE_MS); ; slice = new Slice(SLICE_MS)) {
      const current = slice;
      this.drive(untilNs, () => tenant.closed || current.over());
      if (!current.ended) return;
      await turn();
    }
  }

  #checkOutside(): void {
    if (this.#executing) throw within();
  }

  #refuse(): Promise<never> {
    return Promise.reject(within());
  }
}

function within(): MachineError {
  return new MachineError("ERR_RUNNING", "the machine is running, and this was called from within the run");
}
