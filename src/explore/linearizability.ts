/**
 * Is there an order of the operations of a history in which a sequential object would have given the same answers?
 *
 * Herlihy and Wing, "Linearizability: a correctness condition for concurrent objects", TOPLAS 12(3), 1990. An operation that had
 * returned before another was invoked stays before it. One that has not returned may have taken effect or not: what was under
 * way when its thread was killed or the execution ended is allowed either way.
 *
 * The search takes operations one after the other and goes back when the model answers otherwise (Wing and Gong, 1993); a set of
 * operations that has led to a state is not tried again from there (Lowe, "Testing for linearizability", 2017).
 */
import { ExploreError } from "./explore-error.ts";

/** An operation of a history. */
export interface Operation<I, O> {
  /** Whose operation it is: those of one thread do not overlap. */
  readonly thread: number;
  readonly input: I;
  /** When it was invoked and when it returned, on any clock that orders the two kinds of events; Infinity: it has not. */
  readonly invokedAt: number;
  readonly returnedAt: number;
  /** Undefined while it has not returned. */
  readonly output: O | undefined;
}

/** A sequential object. States are values: `apply` makes a new one. */
export interface Model<S, I, O> {
  readonly initial: S;
  readonly apply: (state: S, input: I) => readonly [state: S, output: O];
  /** Default Object.is. */
  readonly sameOutput?: (a: O, b: O) => boolean;
  /** Equal states have equal keys. Default JSON. */
  readonly key?: (state: S) => string;
}

/** Sets of operations are numbers. */
const MAX_OPERATIONS = 52;

/** Indices of the operations in such an order, those left out that have not returned; undefined: there is none. Throws ERR_EXPLORE_OPTION. */
export function linearize<S, I, O>(
  history: readonly Operation<I, O>[],
  model: Model<S, I, O>,
): number[] | undefined {
  if (history.length > MAX_OPERATIONS) {
    throw new ExploreError(
      "ERR_EXPLORE_OPTION",
      `a history may have ${MAX_OPERATIONS} operations, got ${history.length}`,
    );
  }
  const { sameOutput = Object.is, key = JSON.stringify } = model;
  const taken: boolean[] = history.map(() => false);
  const order: number[] = [];
  const tried = new Set<string>();
  /** Bounded by the pairs of a set and a state, each of which is entered once. */
  const search = (state: S, set: number): boolean => {
    if (history.every(({ returnedAt }, i) => taken[i] || returnedAt === Infinity)) return true;
    const place = `${set} ${key(state)}`;
    if (tried.has(place)) return false;
    tried.add(place);
    // What has to be taken before whatever was invoked later.
    const limit = Math.min(...history.map(({ returnedAt }, i) => (taken[i] ? Infinity : returnedAt)));
    for (const [i, { input, output, invokedAt, returnedAt }] of history.entries()) {
      if (taken[i] || invokedAt > limit) continue;
      const [next, answer] = model.apply(state, input);
      if (returnedAt !== Infinity && !sameOutput(answer, output as O)) continue;
      taken[i] = true;
      order.push(i);
      if (search(next, set + 2 ** i)) return true;
      order.pop();
      taken[i] = false;
    }
    return false;
  };
  return search(model.initial, 0) ? order : undefined;
}
