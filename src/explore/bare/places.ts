/**
 * Where in the text of a program its threads are: for reports, by a second system whose `Bare` looks at the stack on each call.
 *
 * A generator does not say where it is suspended, but what it has called last does. Looking costs some microseconds a call,
 * so the system that explores never does it.
 */
import { isUsers } from "../../watchdog/index.ts";
import type { Bare } from "./bare.ts";

/** Frames above the program's own: the trap, and what of this library stands between. */
const FRAMES = 16;

/** "at f (file:///program.ts:12:5)": the place, and the file. */
const PLACE = /\(?(((?:file:\/\/)?[^()\s]+):\d+:\d+)\)?$/;

export class Places {
  readonly #byThread: Map<number, string> = new Map();

  /** Where `thread` has last asked for something; undefined: nowhere, or nobody can say. */
  of(thread: number): string | undefined {
    return this.#byThread.get(thread);
  }

  /** `bare`, watched. */
  watch(bare: Bare): Bare {
    const seen = new Map<unknown, unknown>();
    return new Proxy(bare, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== "function") return value;
        let watched = seen.get(value);
        if (watched === undefined) {
          watched = (...given: unknown[]): unknown => {
            this.#note(target.current.actor);
            return value.apply(target, given);
          };
          seen.set(value, watched);
        }
        return watched;
      },
    });
  }

  #note(thread: number): void {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = FRAMES;
    const lines = (new Error().stack ?? "").split("\n").slice(1);
    Error.stackTraceLimit = stackTraceLimit;
    const place = lines.map((line) => PLACE.exec(line)).find((found) => isUsers(found?.[2] ?? ""))?.[1];
    if (place === undefined) this.#byThread.delete(thread);
    else this.#byThread.set(thread, place);
  }
}
