/**
 * Random sequences of list operations by one actor against an array, on all three memories.
 */
import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { expect } from "vitest";
import { type Addr, EAGAIN, PAGE_SIZE } from "../../src/atomics/index.ts";
import {
  llistPopMarked,
  llistPush,
  markDeleted,
  next,
  peek,
  push,
  snapshot,
  takeAll,
  unlinkDeleted,
} from "../../src/llist/index.ts";
import { MEMORIES } from "../../test/atomics/fixture.ts";
import {
  HEAD,
  indexOf,
  isLegalValue,
  type Lists,
  makeLists,
  NODES,
  node,
  plain,
} from "../../test/llist/fixture.ts";
import { runAlone } from "../../test/support/interleave.ts";

type Operation =
  | { readonly kind: "kernelPush" | "userPush" | "mark"; readonly index: number }
  | { readonly kind: "pop"; readonly max: number }
  | { readonly kind: "unlink" | "take" | "peek" };

const index = fc.nat(NODES - 1);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom("kernelPush", "userPush", "mark"), index }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("pop"), max: fc.integer({ min: 1, max: 9 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("unlink", "take", "peek") }) },
);

interface Entry {
  readonly index: number;
  deleted: boolean;
}

/** The array model, first entry first. `undefined`: the operation makes no sense now and is passed over. */
class Model {
  entries: Entry[] = [];

  apply(op: Operation): unknown {
    const at = "index" in op ? this.entries.findIndex((entry) => entry.index === op.index) : -1;
    switch (op.kind) {
      case "kernelPush":
      case "userPush": {
        if (at !== -1) return undefined;
        const empty = this.entries.length === 0;
        this.entries.unshift({ index: op.index, deleted: false });
        return op.kind === "userPush" ? empty : 0;
      }
      case "mark": {
        if (at === -1) return undefined;
        const entry = this.entries[at]!;
        const won = !entry.deleted;
        entry.deleted = true;
        return won;
      }
      case "pop": {
        const first = this.entries.findIndex((entry) => !entry.deleted);
        // Seeing the end of the list counts as one more node.
        const looked = first === -1 ? this.entries.length : first;
        if (looked >= op.max) return -EAGAIN;
        if (first === -1) return 0;
        this.entries[first]!.deleted = true;
        return node(this.entries[first]!.index);
      }
      case "unlink": {
        const gone = this.entries.filter((entry) => entry.deleted).map((entry) => entry.index);
        this.entries = this.entries.filter((entry) => !entry.deleted);
        return [gone.length, gone];
      }
      case "take": {
        const chain = this.entries.map((entry) => entry.index);
        this.entries = [];
        return chain;
      }
      case "peek": {
        const first = this.entries.find((entry) => !entry.deleted);
        return first === undefined ? 0 : node(first.index);
      }
    }
  }
}

function apply({ access, user }: Lists, op: Operation): unknown {
  switch (op.kind) {
    case "kernelPush":
      return runAlone(llistPush(access, HEAD, node(op.index), 1));
    case "userPush":
      return runAlone(push(user, HEAD, node(op.index)));
    case "mark":
      return runAlone(markDeleted(user, node(op.index)));
    case "pop":
      return runAlone(llistPopMarked(access, HEAD, op.max));
    case "unlink": {
      const gone: number[] = [];
      const count = runAlone(unlinkDeleted(user, HEAD, (at) => gone.push(indexOf(at))));
      return [count, gone];
    }
    case "take": {
      const chain: number[] = [];
      let at: Addr = runAlone(takeAll(user, HEAD));
      for (; at !== 0; at = runAlone(next(user, at))) chain.push(indexOf(at));
      return chain;
    }
    case "peek":
      return runAlone(peek(user, HEAD));
  }
}

test.prop([fc.array(operation, { maxLength: 80, size: "max" })])("a list is an array", (operations) => {
  for (const [name, make] of MEMORIES) {
    const lists = makeLists(plain, make(6 * PAGE_SIZE));
    const model = new Model();
    for (const op of operations) {
      const wanted = model.apply(op);
      if (wanted === undefined) continue;
      expect([name, op, apply(lists, op)]).toEqual([name, op, wanted]);
      // I18: the snapshot ends, and is the model. I21: the nodes hold nothing else.
      const seen = snapshot(lists.longs, HEAD).map((entry) => ({
        index: indexOf(entry.node),
        deleted: entry.deleted,
      }));
      expect(seen).toEqual(model.entries);
      for (let i = 0; i < NODES; i++) expect(isLegalValue(lists.valueOf(i))).toBe(true);
    }
  }
});
