/**
 * Jump buffers: the way out of a call chain, to a frame that still stands.
 *
 * LKL sets a buffer and runs a function *inside* the set call, because the saved frame dies when set returns (its first
 * version did otherwise and crashed, lkl.md 14). Here that is the only shape there is: `jumpSet(buffer, body)` returns when
 * the body does, or when somebody below it jumps. A coroutine cannot leave its frames in any other way than by unwinding
 * them, so `finally` blocks between the two run, which setjmp does not do. A jump to a frame that has returned is an error
 * and not undefined. A buffer belongs to one isolate: it is a JavaScript object.
 */
import type { Coroutine } from "../../../atomics/step.ts";
import { LklError } from "../errors.ts";

export class JumpBuffer {
  /** Does its frame stand? Written by jumpSet only. */
  live = false;
}

class Jump {
  readonly buffer: JumpBuffer;
  readonly value: number;
  constructor(buffer: JumpBuffer, value: number) {
    this.buffer = buffer;
    this.value = value;
  }
}

/** Runs `body`. 0 when it has returned; the value of the jump when it was left by one. */
export function* jumpSet(buffer: JumpBuffer, body: () => Coroutine<void>): Coroutine<number> {
  if (buffer.live) throw new LklError("ERR_DEAD_FRAME", "the jump buffer is in use further up");
  buffer.live = true;
  try {
    yield* body();
    return 0;
  } catch (thrown) {
    if (thrown instanceof Jump && thrown.buffer === buffer) return thrown.value;
    throw thrown;
  } finally {
    buffer.live = false;
  }
}

/** Unwinds to the frame of `buffer`, where `jumpSet` returns `value`. Never returns. */
export function jump(buffer: JumpBuffer, value: number): never {
  if (!buffer.live) throw new LklError("ERR_DEAD_FRAME", "a jump to a frame that has returned");
  throw new Jump(buffer, value);
}
