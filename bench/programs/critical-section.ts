/** What a lock is for: who is inside stores who it is and finds it unchanged. A lock that lets two in fails this in some interleaving. */
import type { Addr } from "../../src/atomics/address.ts";
import type { Coroutine } from "../../src/atomics/step.ts";
import type { Bare } from "../../src/explore/bare/bare.ts";

export function* criticalSection(bare: Bare, inside: Addr, self: number): Coroutine<void> {
  yield* bare.store32(inside, self);
  bare.check((yield* bare.load32(inside)) === self, "two threads are inside");
}
