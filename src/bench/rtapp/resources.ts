/** The things that events name: they come into being when they are first named, as in rt-app. */
import type { Addr } from "../../atomics/address.ts";
import type { Machine } from "../../machine.ts";
import type { RtappProgram } from "./program.ts";
import { BARRIER_BYTES } from "./sync.ts";

export interface Timer {
  /** When it is next due, ns; undefined: it has not been used. */
  nextNs: number | undefined;
}

/** Names that begin so are a thread's own. */
const UNIQUE = "unique";

export class Resources {
  readonly #machine: Machine;
  readonly #words = new Map<string, Addr>();
  readonly #timers = new Map<string, Timer>();
  readonly #users = new Map<string, number>();

  constructor(machine: Machine, program: RtappProgram) {
    this.#machine = machine;
    for (const { instances, phases } of program.tasks) {
      for (const { events } of phases) {
        for (const event of events) {
          if (event.kind !== "barrier") continue;
          this.#users.set(event.ref, (this.#users.get(event.ref) ?? 0) + instances);
        }
      }
    }
  }

  mutex(name: string): Addr {
    return this.#word(`mutex ${name}`, 4);
  }

  condition(name: string): Addr {
    return this.#word(`condition ${name}`, 4);
  }

  barrier(name: string): { readonly at: Addr; readonly users: number } {
    return { at: this.#word(`barrier ${name}`, BARRIER_BYTES), users: this.#users.get(name)! };
  }

  /** Mutex and condition variable that suspend and resume of a thread go by. */
  suspension(name: string): { readonly mutex: Addr; readonly condition: Addr } {
    return { mutex: this.mutex(`of thread ${name}`), condition: this.condition(`of thread ${name}`) };
  }

  timer(name: string, thread: number): Timer {
    const key = name.startsWith(UNIQUE) ? `${name} ${thread}` : name;
    const known = this.#timers.get(key) ?? { nextNs: undefined };
    this.#timers.set(key, known);
    return known;
  }

  #word(key: string, bytes: number): Addr {
    const known = this.#words.get(key) ?? this.#machine.allocate(bytes);
    this.#words.set(key, known);
    return known;
  }
}
