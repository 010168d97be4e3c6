/**
 * The steps of the execution under way of a program that is learned, and the way back over them.
 *
 * A search makes each execution from a branch of the one before. Without generators a thread's local state is a place in what was
 * learned, so a step on one word is taken back by putting the word and the place back. Others (those that wait, wake, or are made by a
 * generator) are not: what comes before the last of those can only be come to from the beginning.
 *
 * Also tells the choices, if the program turns out not to be pure.
 */
import { type Choice, choice } from "../../interleaving/schedule.ts";
import { longer } from "../longer.ts";
import { describeRequest } from "./footprint-of.ts";
import type { Known } from "./known.ts";
import { take } from "./memo.ts";
import { OP_LOCK, OP_PLAIN_STORE, Request } from "./request.ts";
import type { Threads } from "./threads.ts";

export class WayBack {
  declare private readonly threads: Threads;
  #actors: Int32Array = new Int32Array(64);
  #alternatives: Int32Array = new Int32Array(64);
  /** The word that a step was on, as it was before. */
  #values: Int32Array = new Int32Array(64);
  /** Where the thread was. */
  readonly #places: (Known | undefined)[] = [];
  readonly #fresh: boolean[] = [];
  #count = 0;
  /** Steps before this one cannot be taken back. */
  #from = 0;
  /** Somebody has asked for the way back. */
  isWanted = false;

  constructor(threads: Threads) {
    this.threads = threads;
  }

  clear(): void {
    this.#count = 0;
    this.#from = 0;
  }

  /** A step is about to be made. */
  note(actor: number, alternative: number): void {
    if (this.#count === this.#actors.length) this.#lengthen();
    const at = this.#count++;
    this.#actors[at] = actor;
    this.#alternatives[at] = alternative;
    if (this.isWanted) this.#keep(at, this.threads.requests[actor]);
  }

  #keep(at: number, request: Request | undefined): void {
    if (request === undefined || request.op > OP_PLAIN_STORE) return;
    const { bare } = this.threads;
    this.#values[at] = bare.words[request.a]!;
    this.#places[at] = request.node;
    this.#fresh[at] = request.fresh;
  }

  /** The step `op` of `request` has been made. To be called while the way back is wanted. */
  made(request: Request, op: number): void {
    const waits = request.op >= OP_LOCK && !request.finished;
    if (op > OP_PLAIN_STORE || waits || request.coroutine !== undefined) this.#from = this.#count;
  }

  /** What cannot be taken back has been done. */
  bar(): void {
    this.#from = this.#count;
  }

  /**
   * Goes back to the last step that these choices share with those made. Returns how many of them are left standing; -1: there
   * is no way back, or it is longer than the way there.
   */
  goBack(actors: Int32Array, alternatives: Int32Array, length: number): number {
    this.isWanted = true;
    const { violations, spins, races, memo } = this.threads;
    const most = Math.min(length, this.#count);
    let shared = 0;
    while (shared < most && this.#actors[shared] === actors[shared]) {
      if (this.#alternatives[shared] !== alternatives[shared]) break;
      shared++;
    }
    if (shared < this.#from || 2 * shared < this.#count) return -1;
    if (violations.length > 0 || spins !== undefined || races !== undefined) return -1;
    if (!memo!.goesOn()) return -1;
    while (this.#count > shared) this.#takeBack(--this.#count);
    return shared;
  }

  #takeBack(at: number): void {
    const { requests, bare } = this.threads;
    const request = requests[this.#actors[at]!]!;
    const place = this.#places[at]!;
    if (request.finished) this.threads.unend(request);
    take(request, place);
    request.fresh = this.#fresh[at]!;
    bare.words[place.a] = this.#values[at]!;
  }

  #lengthen(): void {
    this.#actors = longer(this.#actors);
    this.#alternatives = longer(this.#alternatives);
    this.#values = longer(this.#values);
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
