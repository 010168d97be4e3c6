/**
 * Where in the text a function is that does not return: it is called once more, for a while, and a profiler of V8's looks at
 * the stack a thousand times a second.
 *
 * The line is that of the user's own code, the innermost such frame: what Node or this project does on its behalf is not what
 * does not end. It is the line of the loop, or of what is called there, on which it was seen most often.
 *
 * Rejected: a debugger in this thread, which would step from line to line exactly, but from the beginning, where a loop that does end
 * may come first, and which waits for ever if somebody else's debugger is attached.
 */
import { type Profiler, Session } from "node:inspector";
import { guarded } from "./guarded.ts";
import { isUsers, original } from "./site.ts";

const SAMPLE_US = 1_000;
/** For how long; longer if too little was seen, because others had the CPU: it may be about to return, or was not yet in its loop. */
const LOOKED_AT_MS: readonly number[] = [100, 1_000, 10_000];
/** Samples, a fifth of those that the shortest look takes on a machine that does nothing else. */
const ENOUGH = 20;

type Node = Profiler.ProfileNode;

export interface Stays {
  /** "file:///program.ts:12"; undefined: there is no code of the user's, or no profiler. */
  readonly place: string | undefined;
}

/** Undefined: it returns. Throws what `work` throws. */
export function whereItStays(work: () => void, looks: readonly number[] = LOOKED_AT_MS): Stays | undefined {
  let seen: Seen | undefined;
  for (const ms of looks) {
    seen = lookedAt(work, ms);
    if (seen === undefined || seen.samples >= ENOUGH) break;
  }
  return seen;
}

interface Seen extends Stays {
  readonly samples: number;
}

function lookedAt(work: () => void, ms: number): Seen | undefined {
  const session = new Session();
  session.connect();
  try {
    session.post("Profiler.enable");
    // Code that was optimised while nobody looked is taken for that of its caller: this has V8 forget it.
    session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
    session.post("Profiler.setSamplingInterval", { interval: SAMPLE_US });
    session.post("Profiler.start");
    if (guarded(work, ms)) return undefined;
    let nodes: readonly Node[] = [];
    session.post("Profiler.stop", (failed, told) => {
      if (failed === null) nodes = told.profile.nodes;
    });
    return { place: hottest(nodes), samples: nodes.reduce((sum, { hitCount = 0 }) => sum + hitCount, 0) };
  } finally {
    session.disconnect();
  }
}

function hottest(nodes: readonly Node[]): string | undefined {
  const parents = new Map(
    nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node] as const)),
  );
  const seen = new Map<Node, number>();
  for (const node of nodes) {
    let own: Node | undefined = node;
    while (own !== undefined && !isUsers(own.callFrame.url)) own = parents.get(own.id);
    if (own !== undefined) seen.set(own, (seen.get(own) ?? 0) + (node.hitCount ?? 0));
  }
  const [most] = [...seen].sort(([, a], [, b]) => b - a);
  if (most === undefined || most[1] === 0) return undefined;
  const [{ callFrame, positionTicks = [] }] = most;
  const [line] = positionTicks.toSorted((a, b) => b.ticks - a.ticks);
  // Numbered from 1 there, and from 0 here.
  return original(callFrame.url, line?.line ?? callFrame.lineNumber + 1);
}
