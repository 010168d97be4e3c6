/**
 * Lock-free singly linked lists in user memory, shared by the kernel and user space (patch 3 of UMCG v0.3).
 *
 * A list is a 64-bit head word -> node -> node -> 0. A node is itself a 64-bit word, a field of a larger record, whose
 * value is the address of the next node. Nodes are 8-byte aligned, so bit 0 of a node's value is free: set, it says
 * "this node is deleted" (it is stored in the node's own next value, Harris style). The head never carries the mark.
 *
 * Who may run against whom (rows against columns; "yes" = both keep their guarantees under every interleaving):
 *
 * |            | push | popMarked | markDeleted | unlinkDeleted | takeAll |
 * |------------|------|-----------|-------------|---------------|---------|
 * | push       | yes  | yes       | yes         | yes           | yes     |
 * | popMarked  | yes  | yes       | yes         | F1, F2        | F1      |
 * | markDeleted| yes  | yes       | yes         | yes           | yes     |
 * | unlinkDeleted | yes | F1, F2  | yes         | one at a time | no      |
 * | takeAll    | yes  | F1        | yes         | no            | yes     |
 *
 * F1: a popper may hold the address of a node that was unlinked meanwhile; the node must stay readable, with its mark,
 * until every popper has left. F2: a popper whose compare-exchange lost to an unlink moves on to the word it found and
 * so skips a live node: it may answer "empty" with an idle server in the list. Both are flaws of v0.3, kept on purpose.
 *
 * The kernel's two operations are bounded and never unlink: that is v0.3's whole answer to ABA. ABA on push is harmless:
 * the value compared is the value stored as the node's next, whatever happened to the list in between.
 *
 * Order: the store of the node's next is before the compare-exchange that publishes it (fence between, as the original);
 * whoever reads the head sees the node's next.
 *
 * The user side's `push` returns "was empty", the one bit that decides whether somebody must be woken.
 *
 * Rejected here: Nemesis/MCS queues and exchange-based pushes (v0.5), which break the list between two steps (F5).
 */
import { type Addr, addr, addrFromWord, wordFromAddr } from "../atomics/address.ts";
import { EAGAIN, EFAULT } from "../atomics/errno.ts";
import type { Coroutine } from "../atomics/step.ts";
import type { UserAccess } from "../atomics/user-access.ts";
import type { UserMemory } from "../atomics/user-memory.ts";

/** Bit 0 of a node's value: the node is deleted and waits to be unlinked by user space. */
export const LLIST_DELETED = 1n;

/**
 * Kernel push, at most `maxTries` attempts. Returns 0, -EFAULT, or -EAGAIN after `maxTries` lost races.
 * Source: the sll push helper of patch 3.
 */
export function* llistPush(access: UserAccess, head: Addr, node: Addr, maxTries: number): Coroutine<number> {
  for (let attempt = 0; attempt < maxTries; attempt++) {
    const first = yield* access.getUser64(head);
    if (typeof first === "number") return first;
    if ((yield* access.putUser64(node, first)) !== 0) return -EFAULT;
    yield* access.fence();
    const status = yield* access.cmpxchgUser64(head, first, wordFromAddr(node));
    if (status !== -EAGAIN) return status;
  }
  return -EAGAIN;
}

/**
 * Kernel pop: marks the first node that is not deleted, looking at no more than `maxNodes`; seeing the end of the list
 * counts as one. Returns the node's address, 0 when there is none, -EFAULT (unreadable, or a marked pointer) or -EAGAIN.
 * Source: the sll pop helper of patch 3.
 */
export function* llistPopMarked(access: UserAccess, head: Addr, maxNodes: number): Coroutine<number> {
  const first = yield* access.getUser64(head);
  if (typeof first === "number") return first;
  let node: bigint = first;
  for (let step = 0; step < maxNodes; step++) {
    if (node === 0n) return 0;
    if ((node & LLIST_DELETED) !== 0n) return -EFAULT;
    const at = addrFromWord(node);
    const next = yield* access.getUser64(at);
    if (typeof next === "number") return next;
    if ((next & LLIST_DELETED) !== 0n) {
      node = next ^ LLIST_DELETED;
      continue;
    }
    const status = yield* access.cmpxchgUser64(at, next, next | LLIST_DELETED);
    if (status === 0) return at;
    if (status !== -EAGAIN) return status;
    // F2: whoever won may have unlinked the successor and left this node live; v0.3 skips it all the same.
    node = access.observed64 & ~LLIST_DELETED;
  }
  return -EAGAIN;
}

/** Retries of a user-side loop before it reports that something else is wrong. Contention alone never gets there. */
const USER_TRIES = 1 << 20;

/** Thrown when a user-side loop passes its bound: the list is a cycle or its words are not list words. */
export class LlistError extends Error {
  readonly code = "ERR_LLIST_BOUND";
  constructor(operation: string, head: Addr) {
    super(`${operation} on the list at 0x${head.toString(16)} did not end within ${USER_TRIES} steps`);
    this.name = "LlistError";
  }
}

/** User push. Returns whether the list was empty: then, and only then, somebody may be asleep for want of a node. */
export function* push(memory: UserMemory, head: Addr, node: Addr): Coroutine<boolean> {
  for (let attempt = 0; attempt < USER_TRIES; attempt++) {
    const first = yield* memory.load64(head);
    yield* memory.store64(node, first);
    if ((yield* memory.cmpxchg64(head, first, wordFromAddr(node))) === 0) return first === 0n;
  }
  throw new LlistError("push", head);
}

/** Detaches the whole list and returns its first node (0: it was empty). The chain is the caller's alone. */
export function* takeAll(memory: UserMemory, head: Addr): Coroutine<Addr> {
  return addrFromWord(yield* memory.xchg64(head, 0n));
}

/** The node after `node` in a chain, with the node's mark removed; 0 at the end. */
export function* next(memory: UserMemory, node: Addr): Coroutine<Addr> {
  return addrFromWord((yield* memory.load64(node)) & ~LLIST_DELETED);
}

/** Marks one particular node. Returns false when somebody else had marked it: exactly one marker wins. */
export function* markDeleted(memory: UserMemory, node: Addr): Coroutine<boolean> {
  for (let attempt = 0; attempt < USER_TRIES; attempt++) {
    const value = yield* memory.load64(node);
    if ((value & LLIST_DELETED) !== 0n) return false;
    if ((yield* memory.cmpxchg64(node, value, value | LLIST_DELETED)) === 0) return true;
  }
  throw new LlistError("markDeleted", node);
}

/** First live node at or after the head, without changing anything; 0 when there is none. */
export function* peek(memory: UserMemory, head: Addr): Coroutine<Addr> {
  let node = addrFromWord(yield* memory.load64(head));
  for (let step = 0; node !== 0; step++) {
    if (step === USER_TRIES) throw new LlistError("peek", head);
    const value = yield* memory.load64(node);
    if ((value & LLIST_DELETED) === 0n) return node;
    node = addrFromWord(value & ~LLIST_DELETED);
  }
  return node;
}

/**
 * Unlinks deleted nodes (user space's garbage collection) and calls `reclaimed` for each, in list order. One caller at
 * a time. Restarts from the head when the predecessor was itself marked meanwhile: its next must not change any more.
 */
export function* unlinkDeleted(
  memory: UserMemory,
  head: Addr,
  reclaimed: (node: Addr) => void,
): Coroutine<number> {
  let unlinked = 0;
  let previous = head;
  for (let step = 0; step < USER_TRIES; step++) {
    const link = yield* memory.load64(previous);
    if (previous !== head && (link & LLIST_DELETED) !== 0n) {
      previous = head;
      continue;
    }
    if (link === 0n) return unlinked;
    const node = addrFromWord(link);
    const value = yield* memory.load64(node);
    if ((value & LLIST_DELETED) === 0n) {
      previous = node;
      continue;
    }
    if ((yield* memory.cmpxchg64(previous, link, value & ~LLIST_DELETED)) === 0) {
      unlinked++;
      reclaimed(node);
    }
  }
  throw new LlistError("unlinkDeleted", head);
}

/** The nodes of the list as it is now, for inspection between steps. `deleted` nodes included. */
export function snapshot(longs: BigUint64Array, head: Addr): { node: Addr; deleted: boolean }[] {
  const nodes: { node: Addr; deleted: boolean }[] = [];
  const seen = new Set<number>();
  let word = longs[head >>> 3] ?? 0n;
  while (word !== 0n) {
    const node = addr(Number(word & ~LLIST_DELETED));
    // Divided, not shifted: a misaligned or huge pointer has no element, and must not pass for another's.
    const value = longs[node / 8];
    if (value === undefined || seen.has(node)) throw new LlistError("snapshot", head);
    seen.add(node);
    nodes.push({ node, deleted: (value & LLIST_DELETED) !== 0n });
    word = value & ~LLIST_DELETED;
  }
  return nodes;
}
