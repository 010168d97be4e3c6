/** Two coroutines over shared memory that take turns, each with a word of its own, in one thread. */
import { type Addr, addr } from "../../src/atomics/address.ts";
import { SharedMemory } from "../../src/atomics/shared-memory.ts";
import { type Coroutine, RESUME, YIELD_PAUSE } from "../../src/atomics/step.ts";

function* player(memory: SharedMemory, mine: Addr, theirs: Addr): Coroutine<never> {
  for (;;) {
    while ((yield* memory.load32(mine)) === 0) yield YIELD_PAUSE;
    yield* memory.store32(mine, 0);
    yield* memory.store32(theirs, 1);
    yield YIELD_PAUSE;
  }
}

/** ns of wall time a switch, over `switches` of them. */
export function turnsNs(switches: number): number {
  const memory = new SharedMemory(new SharedArrayBuffer(128));
  const [a, b] = [player(memory, addr(8), addr(64)), player(memory, addr(64), addr(8))];
  new Int32Array(memory.buffer)[2] = 1;
  const begin = performance.now();
  for (let i = 0; i < switches; i += 2) {
    a.next(RESUME);
    b.next(RESUME);
  }
  return ((performance.now() - begin) * 1e6) / switches;
}
