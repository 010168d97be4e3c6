/** Defects of src/llist. */
import { type Defect, defectsOf } from "./defect.ts";

const TAKERS = "llist: pushes and two takers";
const POPS = "llist: pushes and pops";
const KERNEL = "llist: the kernel pushes against two";
const MARKERS = "llist: one marker wins, and a look finds what is live";
const UNLINKING = "llist: unlinking against a push and two marks";

export const LIST_DEFECTS: readonly Defect[] = defectsOf("src/llist/llist.ts", [
  [
    "push: published before its next is stored",
    TAKERS,
    `    yield* memory.store64(node, first);
    if ((yield* memory.cmpxchg64(head, first, wordFromAddr(node))) === 0) return first === 0n;`,
    `    if ((yield* memory.cmpxchg64(head, first, wordFromAddr(node))) === 0) {
      yield* memory.store64(node, first);
      return first === 0n;
    }`,
  ],
  [
    "push: a store instead of the compare-exchange",
    TAKERS,
    "    if ((yield* memory.cmpxchg64(head, first, wordFromAddr(node))) === 0) return first === 0n;",
    "    yield* memory.store64(head, wordFromAddr(node));\n    return first === 0n;",
  ],
  [
    "push: says that the list was empty by a second look",
    TAKERS,
    "(yield* memory.cmpxchg64(head, first, wordFromAddr(node))) === 0) return first === 0n;",
    "(yield* memory.cmpxchg64(head, first, wordFromAddr(node))) === 0) return (yield* memory.load64(node)) === 0n && (yield* memory.load64(head)) === wordFromAddr(node);",
  ],
  [
    "takeAll: a load and a store instead of the exchange",
    TAKERS,
    "return addrFromWord(yield* memory.xchg64(head, 0n));",
    "const all = yield* memory.load64(head);\n  yield* memory.store64(head, 0n);\n  return addrFromWord(all);",
  ],
  [
    "kernel push: published before its next is stored",
    "llist: pushes of the kernel and pops",
    `    if ((yield* access.putUser64(node, first)) !== 0) return -EFAULT;
    yield* access.fence();
    const status = yield* access.cmpxchgUser64(head, first, wordFromAddr(node));`,
    `    const status = yield* access.cmpxchgUser64(head, first, wordFromAddr(node));
    if ((yield* access.putUser64(node, first)) !== 0) return -EFAULT;`,
  ],
  [
    "kernel push: a lost race is called done",
    KERNEL,
    "    if (status !== -EAGAIN) return status;\n  }\n  return -EAGAIN;\n}\n\n/**\n * Kernel pop",
    "    return status === -EAGAIN ? 0 : status;\n  }\n  return -EAGAIN;\n}\n\n/**\n * Kernel pop",
  ],
  [
    "kernel push: one try too few",
    KERNEL,
    "for (let attempt = 0; attempt < maxTries; attempt++) {",
    "for (let attempt = 1; attempt < maxTries; attempt++) {",
  ],
  [
    "kernel pop: a store instead of the compare-exchange",
    POPS,
    "const status = yield* access.cmpxchgUser64(at, next, next | LLIST_DELETED);",
    "const status = yield* access.putUser64(at, next | LLIST_DELETED);",
  ],
  [
    "kernel pop: a marked node is taken again",
    POPS,
    `    if ((next & LLIST_DELETED) !== 0n) {
      node = next ^ LLIST_DELETED;
      continue;
    }
    const status`,
    "    const status",
  ],
  [
    "kernel pop: looks at one node too many",
    "llist: a pop keeps its bound",
    "for (let step = 0; step < maxNodes; step++) {",
    "for (let step = 0; step <= maxNodes; step++) {",
  ],
  [
    "markDeleted: does not look whether it is marked",
    MARKERS,
    "    if ((value & LLIST_DELETED) !== 0n) return false;\n",
    "",
  ],
  [
    "markDeleted: a store instead of the compare-exchange",
    MARKERS,
    "if ((yield* memory.cmpxchg64(node, value, value | LLIST_DELETED)) === 0) return true;",
    "yield* memory.store64(node, value | LLIST_DELETED);\n    return true;",
  ],
  [
    "peek: finds what is marked",
    MARKERS,
    "if ((value & LLIST_DELETED) === 0n) return node;",
    "if (value !== 0n) return node;",
  ],
  [
    "unlinkDeleted: does not look whether the node before is marked",
    UNLINKING,
    "if (previous !== head && (link & LLIST_DELETED) !== 0n) {",
    "if (step < 0) {",
  ],
  [
    "unlinkDeleted: a store instead of the compare-exchange",
    UNLINKING,
    "if ((yield* memory.cmpxchg64(previous, link, value & ~LLIST_DELETED)) === 0) {",
    "yield* memory.store64(previous, value & ~LLIST_DELETED);\n    {",
  ],
]);
