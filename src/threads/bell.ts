/** How the owner of the runtime is told to look: that a thread has ended, or that a Worker waits which jobs wait for. */
import type { Coroutine } from "../atomics/step.ts";
import type { HostWords } from "../kernel-sim/lkl/host/host-words.ts";
import { fetchAdd } from "../kernel-sim/lkl/host/words.ts";
import { addrOf, DONE_BELL, OWNER_SLEEPS } from "./layout.ts";

/** The owner says that it sleeps before it looks at the bell for the last time. */
export function* ring(words: HostWords): Coroutine<void> {
  yield* fetchAdd(words.memory, addrOf(DONE_BELL), 1);
  if ((yield* words.memory.load32(addrOf(OWNER_SLEEPS))) !== 0) yield* words.wakeWord(addrOf(DONE_BELL), 1);
}
