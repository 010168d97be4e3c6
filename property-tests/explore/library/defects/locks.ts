/** Defects of the spin lock and of claims. */
import { type Defect, defectsOf } from "./defect.ts";

const SPIN = "spin lock: three add under it";
const UNPARKS = "claim: two unpark a worker whose time is over";
const YIELDS = "claim: a worker gives way";

const SPINNING: readonly Defect[] = defectsOf("src/server/spin-lock.ts", [
  [
    "spin lock: a load and a store instead of the compare-exchange",
    SPIN,
    "(yield* env.memory.cmpxchg32(lock, 0, 1)) !== 0; spin++",
    "(yield* env.memory.load32(lock)) !== 0 || ((yield* env.memory.store32(lock, 1)), false); spin++",
  ],
  ["spin lock: not given back", SPIN, "  yield* env.memory.store32(lock, 0);\n", ""],
]);

const CLAIMS: readonly Defect[] = defectsOf("src/server/claim.ts", [
  [
    "claim: a store instead of the compare-exchange",
    UNPARKS,
    "const status = yield* memory.cmpxchg32(word, UMCG_TASK_IDLE, UMCG_TASK_IDLE | UMCG_TF_LOCKED);",
    "const status = (yield* memory.load32(word)) === UMCG_TASK_IDLE ? ((yield* memory.store32(word, UMCG_TASK_IDLE | UMCG_TF_LOCKED)), 0) : -EAGAIN;",
  ],
  [
    "claim: WAKING stays set",
    UNPARKS,
    "if ((yield* memory.cmpxchg32(park, bits, bits & ~PARK_WAKING)) === 0) return claimed;",
    "if ((yield* memory.cmpxchg32(park, bits, bits)) === 0) return claimed;",
  ],
  [
    "claim: does not wait for one that is on its way into its wait",
    YIELDS,
    "if (claimed || (memory.observed32 & UMCG_TF_LOCKED) === 0) break;",
    "break;",
  ],
  [
    "claimYielded: does not look whether it has been claimed",
    YIELDS,
    "    if ((bits & PARK_YIELDED) === 0) return false;\n",
    "",
  ],
  [
    "claimYielded: a store instead of the compare-exchange",
    YIELDS,
    "if ((yield* memory.cmpxchg32(park, bits, waking)) === 0) return yield* claim(env, record);",
    "yield* memory.store32(park, waking);\n    return yield* claim(env, record);",
  ],
  [
    "settle: does not wait for who is waking it",
    UNPARKS,
    `    if ((park & PARK_WAKING) !== 0) yield* stepAside(env, turn);
    else if ((park & bits) === 0)`,
    "    if ((park & bits) === 0)",
  ],
]);

export const LOCK_DEFECTS: readonly Defect[] = [...SPINNING, ...CLAIMS];
