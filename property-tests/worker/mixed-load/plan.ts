/**
 * A mixed load as data: everything that a seed decides. Each worker's acts come from a random stream of its own, so that
 * leaving out a worker, or a kind of act, leaves the others as they were: that is what the shrinker does (shrink.ts).
 */
import { Sfc32 } from "../../../src/random/sfc32.ts";

/** Kinds of acts with their weights. */
const WEIGHTS = {
  work: 8,
  nap: 5,
  sleep: 3,
  yield: 4,
  checkpoint: 1,
  futexWait: 2,
  futexWake: 2,
  pipe: 2,
  touch: 1,
  pageOut: 1,
  park: 4,
  unpark: 5,
  mutex: 5,
  fair: 3,
  read: 3,
  write: 2,
  permits: 3,
  notified: 2,
  barrier: 2,
  count: 2,
  once: 1,
  send: 4,
  receive: 2,
  select: 3,
  crew: 2,
  keepCpu: 1,
  wish: 1,
  adopt: 2,
  stale: 1,
  cancel: 4,
  interrupt: 3,
  kill: 5,
  throw: 1,
  exit: 1,
  resize: 1,
} as const;

export type Kind = keyof typeof WEIGHTS;
export const KINDS = Object.keys(WEIGHTS) as readonly Kind[];

/** What a worker that may be killed at any moment can do: nothing that leaves a lock of others taken. */
const MORTAL_KINDS: readonly Kind[] = [
  "work",
  "nap",
  "sleep",
  "yield",
  "checkpoint",
  "futexWait",
  "pipe",
  "touch",
  "park",
  "throw",
  "exit",
];
const IMMORTAL_KINDS: readonly Kind[] = KINDS.filter((kind) => kind !== "exit");

/** Each kind as often as its weight says. */
const LOTS: ReadonlyMap<readonly Kind[], readonly Kind[]> = new Map(
  [MORTAL_KINDS, IMMORTAL_KINDS].map((kinds) => [
    kinds,
    kinds.flatMap((kind) => Array.from({ length: WEIGHTS[kind] }, () => kind)),
  ]),
);

export interface Act {
  readonly kind: Kind;
  /** How long to do it, to keep it, to sleep, ns. */
  readonly ns: number;
  /** How long to wait for it, ns; Infinity: for ever, where that is sure to end. */
  readonly patienceNs: number;
  /** Which object, which worker. */
  readonly pick: number;
  readonly flag: boolean;
}

/** What becomes of a child: who joins it, and when, or nobody. */
const FATES = [
  "joinNow",
  "joinLate",
  "joinPatiently",
  "detached",
  "detachLate",
  "cancel",
  "handOver",
  "forget",
] as const;
export type Fate = (typeof FATES)[number];

export interface Child {
  readonly id: number;
  /** Its parent spawns it before the act of this number. */
  readonly before: number;
}

export interface WorkerPlan {
  readonly id: number;
  readonly mortal: boolean;
  readonly fate: Fate;
  readonly acts: readonly Act[];
  readonly children: readonly Child[];
  /** Swallows cancellations, and goes on. */
  readonly stubborn: boolean;
  readonly priority: number;
  readonly deadlineNs: number;
}

export interface Shape {
  readonly seed: number;
  readonly workers: number;
  /** Acts of a worker, at most. */
  readonly acts: number;
  /** What is left out: kinds of acts, "children", "mortals", or parts of the setting (setting.ts). */
  readonly without: readonly string[];
  /** The only workers there are; default: all. */
  readonly only?: readonly number[];
}

interface Draft {
  readonly id: number;
  readonly parent: number;
  readonly childRank: number;
  readonly mortal: boolean;
  readonly stream: Sfc32;
}

/** The plans of a shape's workers; those that nobody spawns are the roots. */
export function plansOf(shape: Shape): {
  readonly plans: ReadonlyMap<number, WorkerPlan>;
  readonly roots: number[];
} {
  const drafts = new Map<number, Draft>();
  const ids = shape.only ?? Array.from({ length: shape.workers }, (_, id) => id);
  const nature = natureOf(shape);
  for (const id of ids) drafts.set(id, draft(shape, id, nature));
  const childrenOf = new Map<number, Draft[]>();
  const roots: number[] = [];
  for (const one of drafts.values()) {
    const parent = drafts.get(one.parent);
    if (parent === undefined || parent.mortal || shape.without.includes("children")) roots.push(one.id);
    else childrenOf.set(parent.id, [...(childrenOf.get(parent.id) ?? []), one]);
  }
  const plans = new Map<number, WorkerPlan>();
  for (const one of drafts.values())
    plans.set(one.id, complete(shape, nature, one, childrenOf.get(one.id) ?? []));
  return { plans, roots };
}

/** What all workers of a load have in common. */
interface Nature {
  /** How many of them have no parent. */
  readonly rootShare: number;
  /** In a slow load everybody is mostly at work or asleep: whoever is not woken then is not woken by chance later. */
  readonly slowness: number;
}

function natureOf({ seed }: Shape): Nature {
  const stream = new Sfc32(seed, 1);
  const rootShare = 0.3 + 0.7 * stream.next();
  return { rootShare, slowness: [1, 1, 10, 60][Math.floor(stream.next() * 4)]! };
}

function draft(shape: Shape, id: number, { rootShare }: Nature): Draft {
  const stream = new Sfc32(shape.seed, 2 + id);
  const root = stream.next() < rootShare;
  const parent = Math.floor(stream.next() * id);
  const childRank = stream.next();
  const mortal = stream.next() < 0.12 && !shape.without.includes("mortals");
  return { id, parent: root || id === 0 ? -1 : parent, childRank, mortal, stream };
}

function complete(
  shape: Shape,
  { slowness }: Nature,
  { id, mortal, stream }: Draft,
  children: readonly Draft[],
): WorkerPlan {
  const fate = FATES[Math.floor(stream.next() * FATES.length)]!;
  const stubborn = stream.next() < 0.3;
  const priority = Math.floor(stream.next() * 5) - 2;
  const deadlineNs = Math.floor(stream.next() * 1_000_000);
  const count = Math.floor(stream.next() * (shape.acts + 1));
  const drawn = Array.from({ length: count }, () =>
    act(stream, slowness, mortal ? MORTAL_KINDS : IMMORTAL_KINDS),
  );
  const acts = drawn.filter(({ kind }) => !shape.without.includes(kind));
  return {
    id,
    mortal,
    // Who fails and is not joined would be reported at the end.
    fate: fate === "forget" && (mortal || acts.some(({ kind }) => kind === "throw")) ? "joinLate" : fate,
    stubborn,
    priority,
    deadlineNs,
    acts,
    children: children
      .map((child) => ({ id: child.id, before: Math.floor(child.childRank * (acts.length + 1)) }))
      .sort((a, b) => a.before - b.before || a.id - b.id),
  };
}

function act(stream: Sfc32, slowness: number, kinds: readonly Kind[]): Act {
  const lots = LOTS.get(kinds)!;
  const kind = lots[Math.floor(stream.next() * lots.length)]!;
  const ns = Math.floor(stream.next() ** 3 * 60_000 * slowness);
  const how = stream.next();
  const long = how < 0.4 ? Number.POSITIVE_INFINITY : how < 0.6 ? 5_000 : how < 0.8 ? 100_000 : 1_000_000;
  const patienceNs = long * slowness * (1 - stream.next());
  const pick = Math.floor(stream.next() * 2 ** 30);
  return { kind, ns, patienceNs, pick, flag: stream.next() < 0.5 };
}
