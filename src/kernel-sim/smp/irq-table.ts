/** The interrupt lines of devices: what is shared of each in the machine's buffer, and the handlers. See irq-routing.ts. */
import type { Arena } from "../arena.ts";

/** Lines of a machine, from 0. */
export const MAX_IRQS = 64;

/** Runs in interrupt context of the CPU that takes the interrupt. */
export type IrqHandler = (line: number) => void;

/** The word of a CPU is its number plus 1; 0 = none. */
export class IrqTable {
  /** By line. */
  readonly handlers: IrqHandler[] = [];
  readonly #words: Int32Array;

  constructor(arena: Arena) {
    this.#words = arena.int32(3 * MAX_IRQS);
  }

  /** CPU the line is directed to; 0 = to whoever made the request. Written under no lock: the next interrupt obeys it. */
  affinity(line: number): number {
    return this.#words[line]!;
  }
  setAffinity(line: number, to: number): void {
    this.#words[line] = to;
  }
  /** CPU that the line has interrupted and that has not run its handler yet. Set by the device, cleared by the CPU. */
  pendingOn(line: number): number {
    return this.#words[MAX_IRQS + line]!;
  }
  setPendingOn(line: number, to: number): void {
    this.#words[MAX_IRQS + line] = to;
  }
  /** Handler runs. */
  count(line: number): number {
    return this.#words[2 * MAX_IRQS + line]!;
  }
  setCount(line: number, to: number): void {
    this.#words[2 * MAX_IRQS + line] = to;
  }
}
