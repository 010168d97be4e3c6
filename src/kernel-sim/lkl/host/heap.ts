/**
 * Memory of the host: first fit, under one mutex.
 *
 * A piece begins with a header of 8 bytes, of which the first word is its size with the header, a multiple of 8, and bit 0
 * says that it is in use. Free neighbours are joined by whoever walks past them, so freeing needs no walk and no list.
 * The walk is bounded by the number of pieces. Rejected: size classes; a kernel allocates its RAM and a few hundred
 * semaphores, once.
 */
import { type Addr, addr, NULL, offsetBy } from "../../../atomics/address.ts";
import { EINVAL } from "../../../atomics/errno.ts";
import type { Memory } from "../../../atomics/memory.ts";
import type { Coroutine } from "../../../atomics/step.ts";
import type { HostLayout } from "./layout.ts";

const HEADER = 8;
const USED = 1;

export function* heapInit(memory: Memory, { heap, end }: HostLayout): Coroutine<void> {
  yield* memory.store32(heap, end - heap);
}

/** `bytes` of memory, not zeroed, aligned to 8; NULL when there is no such piece. The caller has the heap's lock. */
export function* heapTake(memory: Memory, { heap, end }: HostLayout, bytes: number): Coroutine<Addr> {
  const wanted = HEADER + Math.max(8, Math.ceil(bytes / 8) * 8);
  for (let at: number = heap; at < end; ) {
    let size = yield* memory.load32(addr(at));
    if ((size & USED) === 0) {
      size = yield* joined(memory, at, size, end);
      if (size >= wanted) {
        const rest = size - wanted;
        // A rest that could hold nothing stays with the piece.
        if (rest > HEADER) yield* memory.store32(addr(at + wanted), rest);
        yield* memory.store32(addr(at), (rest > HEADER ? wanted : size) | USED);
        return addr(at + HEADER);
      }
    }
    at += size & ~USED;
  }
  return NULL;
}

/** Joins the free piece at `at` with those behind it; its size then. */
function* joined(memory: Memory, at: number, size: number, end: number): Coroutine<number> {
  let whole = size;
  while (at + whole < end) {
    const next = yield* memory.load32(addr(at + whole));
    if ((next & USED) !== 0) break;
    whole += next;
  }
  if (whole !== size) yield* memory.store32(addr(at), whole);
  return whole;
}

/** 0; -EINVAL, without effect, for what is no piece in use. The caller has the heap's lock. */
export function* heapGive(memory: Memory, { heap, end }: HostLayout, piece: Addr): Coroutine<number> {
  const wanted = offsetBy(piece, -HEADER);
  for (let at: number = heap; at < end && at <= wanted; ) {
    const size = yield* memory.load32(addr(at));
    if (at === wanted) {
      if ((size & USED) === 0) return -EINVAL;
      yield* memory.store32(addr(at), size & ~USED);
      return 0;
    }
    at += size & ~USED;
  }
  return -EINVAL;
}
