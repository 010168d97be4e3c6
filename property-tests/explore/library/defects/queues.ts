/** Defects of the queues of src/server. */
import { type Defect, defectsOf } from "./defect.ts";

const LAST = "local queue: the owner and a thief take the last";
const THIEVES = "local queue: two thieves";
const FILLS = "local queue: the owner fills while a thief takes";
const AROUND = "local queue: the ring comes around";
const OVERFLOWS = "local queue: it overflows under a thief";
const SLOT = "local queue: the slot";
const READY = "ready queue: two append, one takes";

const LOCAL: readonly Defect[] = defectsOf("src/server/local-queue.ts", [
  [
    "local push: the tail before the entry",
    FILLS,
    `    yield* memory.store32(this.#entry(tail), packRecord(worker));
    yield* memory.store32(this.#tail, (tail + 1) >>> 0);`,
    `    yield* memory.store32(this.#tail, (tail + 1) >>> 0);
    yield* memory.store32(this.#entry(tail), packRecord(worker));`,
  ],
  [
    "local push: a full ring takes one more",
    OVERFLOWS,
    "if ((tail - head) >>> 0 === this.capacity) return false;",
    "if ((tail - head) >>> 0 > this.capacity) return false;",
  ],
  [
    "local pop: a store instead of the compare-exchange",
    LAST,
    "if ((yield* memory.cmpxchg32(this.#head, head, (head + 1) >>> 0)) === 0) return unpackRecord(worker);",
    "yield* memory.store32(this.#head, (head + 1) >>> 0);\n      return unpackRecord(worker);",
  ],
  [
    "steal: a lost race is not noticed",
    THIEVES,
    `(head + count) >>> 0)) !== 0) return NULL;
    if (count > 1)`,
    `(head + count) >>> 0)) === 1) return NULL;
    if (count > 1)`,
  ],
  [
    "steal: the entry is read when the head has moved",
    AROUND,
    "    return unpackRecord(first);",
    "    return unpackRecord(yield* memory.load32(victim.#entry(head)));",
  ],
  [
    "steal: keeps the second to itself and forgets it",
    "local queue: a thief takes two while the owner takes",
    "    if (count > 1) yield* memory.store32(this.#tail, (own + count - 1) >>> 0);\n",
    "",
  ],
  [
    "takeSlot: a load and a store instead of the exchange",
    SLOT,
    "    return unpackRecord(yield* memory.xchg32(this.#slot, 0));",
    "    const taken = yield* memory.load32(this.#slot);\n    yield* memory.store32(this.#slot, 0);\n    return unpackRecord(taken);",
  ],
  [
    "putSlot: a load and a store instead of the exchange",
    SLOT,
    "    return unpackRecord(yield* memory.xchg32(this.#slot, packRecord(worker)));",
    "    const out = yield* memory.load32(this.#slot);\n    yield* memory.store32(this.#slot, packRecord(worker));\n    return unpackRecord(out);",
  ],
  [
    "overflow: a lost race is not noticed",
    OVERFLOWS,
    "(head + count) >>> 0)) !== 0) return false;",
    "(head + count) >>> 0)) === 1) return false;",
  ],
  [
    "overflow: the one that did not fit is not linked",
    OVERFLOWS,
    "for (let i = 1; i < half.length; i++) yield* memory.store32(linkOf",
    "for (let i = 2; i < half.length; i++) yield* memory.store32(linkOf",
  ],
]);

const GLOBAL: readonly Defect[] = defectsOf("src/server/ready-queue.ts", [
  [
    "ready queue: taken from without the lock",
    READY,
    "    yield* spinLock(env, this.#lock);\n    const worker",
    "    const worker",
  ],
  [
    "ready queue: the tail stays when it is empty",
    READY,
    "      if (next === 0) yield* memory.store32(this.#tail, 0);\n",
    "",
  ],
  [
    "ready queue: appended to without the lock",
    READY,
    "    yield* spinLock(env, this.#lock);\n    const tail",
    "    const tail",
  ],
]);

export const QUEUE_DEFECTS: readonly Defect[] = [...LOCAL, ...GLOBAL];
