/**
 * Interrupts of a CPU: anybody triggers a line, the owner runs its handler.
 *
 * A trigger sets the bit of its line, then the bit of that word in the index, then the interrupt bit of the CPU's state, in
 * the same step with seeing that somebody has the CPU; a CPU is freed only in a step that finds the bit clear. The owner
 * clears in the opposite order, and each with an exchange, until the index is empty. So nothing is lost between two of the
 * words (R4, R6): what is set after the owner has looked leads to another look.
 *
 * Lines coalesce: triggers before a delivery are one delivery. Handlers run with interrupts off, and do not nest. A CPU cannot
 * be given back with its interrupts off (cpus.ts), so that a flag that leaked cannot make pending interrupts wait for ever (R7).
 */
import type { Coroutine } from "../../../atomics/step.ts";
import { LklError } from "../errors.ts";
import type { HostWords } from "../host/host-words.ts";
import { contention, fetchOr, MAX_TRIES } from "../host/words.ts";
import { type CpuLayout, IRQ, irqBitsOf, irqIndexOf, irqsOffOf, stateOf } from "./layout.ts";

/** What a line's interrupt does, on the thread that owns the CPU. */
export type IrqHandler = (line: number, cpu: number) => Coroutine<void>;

/** Rounds of one drain after which a line that triggers itself is taken for a storm. */
export const MAX_IRQ_ROUNDS = 1000;

export function checkLine({ sizes }: CpuLayout, line: number): void {
  if (Number.isInteger(line) && line >= 1 && line <= sizes.irqLines) return;
  throw new LklError(
    "ERR_IRQ_LINE",
    `an interrupt line is a number from 1 to ${sizes.irqLines}, got ${line}`,
  );
}

/** Publishes a line. The state's interrupt bit is for the caller to set. */
export function* pend({ memory }: HostWords, layout: CpuLayout, cpu: number, line: number): Coroutine<void> {
  yield* fetchOr(memory, irqBitsOf(layout, cpu, line >>> 5), 1 << (line & 31));
  yield* fetchOr(memory, irqIndexOf(layout, cpu), 1 << (line >>> 5));
}

/** By the owner, whose interrupts are on: runs the handlers of all lines that are pending, until none is. */
export function* drain(
  words: HostWords,
  layout: CpuLayout,
  cpu: number,
  handler: IrqHandler,
): Coroutine<void> {
  const { memory } = words;
  const off = irqsOffOf(layout, cpu);
  yield* memory.store32(off, 1);
  try {
    for (let round = 0; round < MAX_IRQ_ROUNDS; round++) {
      yield* clearInterrupt(words, layout, cpu);
      const index = yield* memory.xchg32(irqIndexOf(layout, cpu), 0);
      if (index === 0) return;
      yield* deliver(words, layout, cpu, index, handler);
    }
    // What is pending is dropped, or the CPU could never be given back.
    yield* clearInterrupt(words, layout, cpu);
    yield* memory.store32(irqIndexOf(layout, cpu), 0);
    throw new LklError("ERR_IRQ_STORM", `CPU ${cpu}: interrupts are triggered as fast as they are handled`);
  } finally {
    yield* memory.store32(off, 0);
  }
}

function* clearInterrupt({ memory }: HostWords, layout: CpuLayout, cpu: number): Coroutine<void> {
  const state = stateOf(layout, cpu);
  let found = yield* memory.load32(state);
  for (let tries = 0; (found & IRQ) !== 0; tries++) {
    if (tries === MAX_TRIES) throw contention(state);
    if ((yield* memory.cmpxchg32(state, found, found & ~IRQ)) === 0) return;
    found = memory.observed32;
  }
}

function* deliver(
  { memory }: HostWords,
  layout: CpuLayout,
  cpu: number,
  index: number,
  handler: IrqHandler,
): Coroutine<void> {
  for (let left = index; left !== 0; left &= left - 1) {
    const word = 31 - Math.clz32(left & -left);
    const bits = yield* memory.xchg32(irqBitsOf(layout, cpu, word), 0);
    for (let set = bits; set !== 0; set &= set - 1) {
      yield* handler(word * 32 + 31 - Math.clz32(set & -set), cpu);
    }
  }
}
