/**
 * Three to seven actors on one list under random schedules: kernel and user pushers, kernel poppers, markers,
 * and at most one who removes nodes (a collector or a taker).
 *
 * After every step: the list is whole (I18), values are legal (I21), marks stay (I22), and the nodes found
 * unmarked are exactly those that were pushed and not claimed (I20). Each call keeps its bound (I23).
 *
 * Nodes that are reclaimed are pushed again, but not before everybody who was in a pop or a mark at that time
 * has left: the missing half of v0.3 (F1). With it all of the above holds; F2 remains, so that "empty" is
 * only held to its word where nobody unlinks.
 */
import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { expect } from "vitest";
import {
  type Coroutine,
  EAGAIN,
  LocalMemory,
  type Memory,
  PAGE_SIZE,
  SharedMemory,
  SteppedMemory,
} from "../../src/atomics/index.ts";
import { makeLists, NODES, node, POISON, watch } from "../../test/llist/fixture.ts";
import {
  kernelPop,
  kernelPush,
  type Ledger,
  makeLedger,
  settle,
  userCollect,
  userMark,
  userPush,
  userTake,
} from "../../test/llist/ledger.ts";
import { type Interleaving, interleave } from "../../test/support/interleave.ts";

interface Counts {
  pushed: number;
  claimed: number;
  taken: number;
  gaveUp: number;
  empty: number;
}

/** A ledger with nodes in circulation. */
class World {
  readonly ledger: Ledger;
  readonly counts: Counts = { pushed: 0, claimed: 0, taken: 0, gaveUp: 0, empty: 0 };
  /** Nodes whose marks may go: they are about to be pushed again. */
  readonly reused = new Set<number>();
  readonly #free: number[];
  /** Pops and marks that are under way, and the nodes that wait for some of them to end. */
  readonly #inside = new Set<object>();
  #waiting: { index: number; until: Set<object> }[] = [];

  constructor(memory: Memory, nodes: number, initial: readonly string[] = []) {
    const lists = makeLists((under) => new SteppedMemory(under), memory);
    const linked = initial.slice(0, nodes);
    lists.chain(...linked.map((kind, index) => (kind === "live" ? index : ~index)));
    this.ledger = makeLedger(lists);
    this.counts.pushed = linked.filter((kind) => kind === "live").length;
    this.#free = Array.from({ length: nodes - linked.length }, (_, index) => linked.length + index);
  }

  /** A node to push, if there is one. */
  acquire(): number | undefined {
    this.#waiting = this.#waiting.filter(({ index, until }) => {
      for (const call of until) if (!this.#inside.has(call)) until.delete(call);
      if (until.size === 0) this.#free.push(index);
      return until.size > 0;
    });
    // The last one in: a node that has just come back is the one that somebody may still hold.
    const index = this.#free.pop();
    if (index !== undefined && this.ledger.states[index] === "gone") {
      this.ledger.states[index] = "free";
      this.reused.add(index);
    }
    return index;
  }

  release(index: number): void {
    this.#free.push(index);
  }

  retire(index: number): void {
    this.#waiting.push({ index, until: new Set(this.#inside) });
  }

  /** Runs a call during which no reclaimed node may be used again. */
  *inside<T>(call: Coroutine<T>): Coroutine<T> {
    this.#inside.add(call);
    const result = yield* call;
    this.#inside.delete(call);
    return result;
  }
}

type Role =
  | { readonly role: "kernelPusher"; readonly times: number; readonly max: number }
  | { readonly role: "userPusher" | "marker"; readonly times: number }
  | { readonly role: "popper"; readonly times: number; readonly max: number };

const times = fc.integer({ min: 1, max: 8 });
const max = fc.integer({ min: 1, max: 8 });

const kernelPusher: fc.Arbitrary<Role> = fc.record({ role: fc.constant("kernelPusher"), times, max });
const popper: fc.Arbitrary<Role> = fc.record({ role: fc.constant("popper"), times, max });
const other: fc.Arbitrary<Role> = fc.oneof(
  kernelPusher,
  popper,
  fc.record({ role: fc.constantFrom("userPusher", "marker"), times }),
);
/** A kernel pusher and a kernel popper at least, and one more. */
const roles: fc.Arbitrary<Role[]> = fc
  .tuple(kernelPusher, popper, fc.array(other, { minLength: 1, maxLength: 4 }))
  .map(([pusher, first, rest]) => [pusher, first, ...rest]);

type Remover = "nobody" | "collector" | "taker";

/** Unbiased: small numbers would prefer the first actors. */
const schedule = fc.noBias(fc.array(fc.nat(419), { maxLength: 300, size: "max" }));
/** How many nodes there are, and which of the first ones are in the list already: live or deleted. */
const nodes = fc.integer({ min: 2, max: NODES });
const initial = fc.array(fc.constantFrom("live", "live", "deleted"), { maxLength: 5 });
const under = fc.constantFrom("local", "shared");

function* act(world: World, { role, times: count, ...rest }: Role, exact: boolean): Coroutine<void> {
  const { ledger, counts } = world;
  const bound = "max" in rest ? rest.max : 0;
  for (let turn = 0; turn < count; turn++) {
    if (role === "popper") {
      const result = yield* world.inside(kernelPop(ledger, bound, exact));
      if (result === "empty") counts.empty++;
      else if (result !== -EAGAIN) counts.claimed++;
    } else if (role === "marker") {
      // A node that is in the list now; by the time it is marked somebody else may have it.
      const live = ledger.states.flatMap((state, index) => (state === "live" ? [index] : []));
      const index = live[turn % Math.max(1, live.length)];
      // Not `+=`: that reads the count before the steps and would lose what others enter meanwhile.
      const marked = index === undefined ? 0 : yield* world.inside(userMark(ledger, index));
      counts.claimed += marked;
    } else {
      const index = world.acquire();
      if (index === undefined) continue;
      const status =
        role === "kernelPusher" ? yield* kernelPush(ledger, index, bound) : yield* userPush(ledger, index);
      if (status !== -EAGAIN) counts.pushed++;
      else {
        counts.gaveUp++;
        world.release(index);
      }
    }
  }
}

function* remove(world: World, remover: Remover, rounds: number): Coroutine<void> {
  const retire = (index: number): void => world.retire(index);
  for (let round = 0; round < rounds; round++) {
    if (remover === "taker") {
      const claimed = yield* world.inside(userTake(world.ledger, retire));
      world.counts.taken += claimed;
    } else {
      yield* userCollect(world.ledger, retire);
    }
  }
}

interface Scenario {
  readonly roles: readonly Role[];
  readonly remover: Remover;
  readonly rounds: number;
  readonly nodes: number;
  readonly initial: readonly string[];
  readonly schedule: readonly number[];
  readonly under: string;
}

function scenario(...removers: readonly Remover[]): fc.Arbitrary<Scenario> {
  return fc.record({
    roles,
    remover: fc.constantFrom(...removers),
    rounds: fc.integer({ min: 1, max: 8 }),
    nodes,
    initial,
    schedule,
    under,
  });
}

function run(given: Scenario): { world: World; run: Interleaving<void> } {
  const bytes = 6 * PAGE_SIZE;
  const memory =
    given.under === "shared"
      ? new SharedMemory(new SharedArrayBuffer(bytes))
      : new LocalMemory(new ArrayBuffer(bytes));
  const world = new World(memory, given.nodes, given.initial);
  const exact = given.remover !== "collector";
  const actors = given.roles.map((role) => act(world, role, exact));
  if (given.remover !== "nobody") actors.push(remove(world, given.remover, given.rounds));
  const look = watch(world.ledger.lists, world.reused);
  const result = interleave(actors, given.schedule, {
    afterStep: (taken) => {
      look(taken);
      settle(world.ledger, taken);
    },
  });
  return { world, run: result };
}

/** I20 at the end: pushes - removals = length. */
function expectBalanced({ ledger, counts }: World): void {
  const { lists } = ledger;
  expect(lists.live()).toHaveLength(counts.pushed - counts.claimed - counts.taken);
  expect(ledger.held.size).toBe(0);
  const linked = [...lists.live(), ...lists.deleted()];
  expect(new Set(linked).size).toBe(linked.length);
}

test.prop([scenario("nobody", "taker")])(
  "pushes, pops, marks and takes: no node lost, none twice",
  (given) => {
    const { world } = run(given);
    expectBalanced(world);
  },
);

test.prop([scenario("collector")])(
  "with a collector, and nodes pushed again once everybody has left",
  (given) => {
    const { world } = run(given);
    expectBalanced(world);
    const pops = given.roles.reduce((sum, role) => sum + (role.role === "popper" ? role.times : 0), 0);
    expect(world.counts.empty).toBeLessThanOrEqual(pops);
  },
);

test.prop([scenario("nobody", "collector", "taker")])("a schedule repeats its run to the step", (given) => {
  const first = run(given);
  const again = run({ ...given, schedule: first.run.schedule });
  expect(again.run.taken).toEqual(first.run.taken);
  expect(again.world.counts).toEqual(first.world.counts);
  expect(again.world.ledger.lists.longs).toEqual(first.world.ledger.lists.longs);
});

test.prop([
  fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 3, maxLength: 5 }),
  fc.integer({ min: 0, max: 4 }),
  schedule,
])("whoever makes the list non-empty is told so, and nobody else", (pushers, takes, picks) => {
  const world = new World(new LocalMemory(new ArrayBuffer(6 * PAGE_SIZE)), NODES);
  const { ledger } = world;
  let told = 0;
  let filled = 0;
  function* pusher(count: number): Coroutine<void> {
    for (let turn = 0; turn < count; turn++) {
      const wasEmpty = yield* userPush(ledger, world.acquire()!);
      told += wasEmpty;
    }
  }
  let head = 0n;
  interleave([...pushers.map(pusher), remove(world, "taker", takes)], picks, {
    afterStep: (taken) => {
      settle(ledger, taken);
      if (head === 0n && ledger.head !== 0n) filled++;
      head = ledger.head;
    },
  });
  expect(told).toBe(filled);
  expect(told).toBeGreaterThan(0);
  expect(told).toBeLessThanOrEqual(takes + 1);
});

test.prop([
  fc.array(fc.nat(NODES - 1), { minLength: 2, maxLength: 12 }),
  fc.integer({ min: 0, max: 8 }),
  fc.integer({ min: 1, max: 4 }),
  schedule,
])("without poppers and takers no reclaimed node is touched (I24)", (marks, pushes, rounds, picks) => {
  // Poison is no list word: whoever followed it would fault, and whoever wrote it away would be seen here.
  const lists = makeLists((memory) => new SteppedMemory(memory));
  lists.chain(...Array.from({ length: 8 }, (_, index) => index));
  const ledger = makeLedger(lists);
  const gone: number[] = [];
  function* marker(own: readonly number[]): Coroutine<void> {
    // Each marker has nodes of its own: a node that another may mark can be gone before one looks at it.
    for (const index of own) if (ledger.states[index] === "live") yield* userMark(ledger, index);
  }
  function* pusher(): Coroutine<void> {
    for (let index = 8; index < 8 + pushes; index++) yield* userPush(ledger, index);
  }
  function* collector(): Coroutine<void> {
    for (let round = 0; round < rounds; round++) {
      yield* userCollect(ledger, (index) => {
        lists.longs[node(index) >>> 3] = POISON;
        gone.push(index);
      });
    }
  }
  const even = marks.filter((index) => index % 2 === 0);
  const odd = marks.filter((index) => index % 2 === 1);
  interleave([marker(even), marker(odd), pusher(), collector()], picks, {
    afterStep: (taken) => settle(ledger, taken),
  });
  const claimed = ledger.states.filter((state) => state === "claimed" || state === "gone").length;
  expect(lists.live()).toHaveLength(8 + pushes - claimed);
  for (const index of gone) expect(lists.valueOf(index)).toBe(POISON);
});
