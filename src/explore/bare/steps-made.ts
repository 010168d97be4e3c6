/** The choices of the execution under way, so that they can be told if a pure program turns out to be none. */
import { type Choice, choice } from "../../interleaving/schedule.ts";
import { longer } from "../longer.ts";
import { describeRequest } from "./footprint-of.ts";
import type { Known } from "./known.ts";
import { take } from "./memo.ts";
import { Request } from "./request.ts";
import type { Threads } from "./threads.ts";

export class StepsMade {
  #actors: Int32Array = new Int32Array(64);
  #alternatives: Int32Array = new Int32Array(64);
  #count = 0;

  clear(): void {
    this.#count = 0;
  }

  push(actor: number, alternative: number): void {
    if (this.#count === this.#actors.length) {
      this.#actors = longer(this.#actors);
      this.#alternatives = longer(this.#alternatives);
    }
    this.#actors[this.#count] = actor;
    this.#alternatives[this.#count++] = alternative;
  }

  schedule(): Choice[] {
    return Array.from(this.#actors.subarray(0, this.#count), (actor, i) =>
      choice(actor, this.#alternatives[i]!),
    );
  }
}

/** What is wrong when `request` is not what is `known` for these answers. `place`: where it is. */
export function tellDifference(
  request: Request,
  known: Known,
  threads: Threads,
  place: string | undefined,
): string {
  const was = new Request(request.actor);
  take(was, known);
  const [now, then] = [request, was].map((asked) => `"${describeRequest(asked, threads)}"`);
  const where = place === undefined ? "" : ` at ${place}`;
  const who = threads.nameOf(request.actor);
  return `what ${who} does next is not what it was after the same answers: it is now ${now}${where}, and was ${then}`;
}
