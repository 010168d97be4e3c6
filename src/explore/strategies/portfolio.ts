/** Several strategies in turns on one system, an execution each: whichever suits the program will find what there is to find. */
import type { Choice } from "../../interleaving/schedule.ts";
import type { Strategy } from "../strategy.ts";

export class Portfolio implements Strategy {
  readonly name = "portfolio";
  readonly #members: Strategy[];
  #turn = 0;
  /** A member that sees everything has come to its end. */
  complete = false;

  constructor(members: readonly Strategy[]) {
    this.#members = [...members];
  }

  /** The one whose execution was made last. */
  get current(): Strategy {
    return this.#members[this.#turn]!;
  }
  get signature(): number {
    return this.current.signature;
  }

  get length(): number {
    return this.current.length;
  }

  execute(): number {
    return this.current.execute();
  }

  advance(): boolean {
    if (!this.current.advance()) {
      if (this.current.complete) {
        this.complete = true;
        return false;
      }
      this.#members.splice(this.#turn--, 1);
    }
    this.#turn = (this.#turn + 1) % this.#members.length;
    return this.#members.length > 0;
  }

  schedule(): Choice[] {
    return this.current.schedule();
  }
}
