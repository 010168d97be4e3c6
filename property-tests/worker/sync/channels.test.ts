/**
 * Channels and select under random interleavings of their memory operations, with deadlines, cancellations and closing:
 * what was sent is received exactly once, what was not sent never; the values of one sender come in its order; a select
 * does exactly one case.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Coroutine } from "../../../src/atomics/step.ts";
import { Channel } from "../../../src/worker/sync/channel.ts";
import { receiveFrom, selectUntil, sendTo, trySelect } from "../../../src/worker/sync/select.ts";
import { SyncError } from "../../../src/worker/sync/sync-error.ts";
import type { RigWorker } from "../../../test/support/sync-rig.ts";
import {
  anyCancellations,
  anyPatience,
  anyWeave,
  deadlineOf,
  NUM_RUNS,
  runPlans,
  SyncRig,
  unlessCancelled,
} from "./programs.ts";

/** A value that says who sent it, where, and as its how many-th. */
interface Item {
  readonly by: string;
  readonly channel: number;
  readonly number: number;
}

/** What happened, as the workers saw it. */
class Ledger {
  readonly sent: Item[] = [];
  /** Sends that threw ERR_CHANNEL_CLOSED, timed out or were cancelled. */
  readonly unsent: Item[] = [];
  readonly received: { readonly item: Item; readonly by: string }[] = [];
  #numbers = 0;

  next(worker: RigWorker, channel: number): Item {
    return { by: worker.name, channel, number: this.#numbers++ };
  }

  /** `left`: what nobody received. */
  check(left: readonly Item[]): void {
    const got = [...this.received.map(({ item }) => item), ...left].map(({ number }) => number);
    expect(got.toSorted((a, b) => a - b)).toEqual(
      this.sent.map(({ number }) => number).toSorted((a, b) => a - b),
    );
    // Numbers grow with each send of a worker: what one receiver has from one sender through one channel is in order.
    const last = new Map<string, number>();
    for (const { item, by } of this.received) {
      const key = `${item.by} ${item.channel} ${by}`;
      expect(item.number).toBeGreaterThan(last.get(key) ?? -1);
      last.set(key, item.number);
    }
  }
}

interface Act {
  readonly op: "send" | "receive" | "trySend" | "tryReceive" | "close" | "select" | "trySelect";
  readonly channel: number;
  readonly patience: number | undefined;
  /** Cases of a select: channel, and whether it sends. */
  readonly cases: readonly { readonly channel: number; readonly sends: boolean }[];
}

const CHANNELS = 3;
const anyAct = fc.record<Act>({
  op: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom<Act["op"]>("send", "receive", "select") },
    { weight: 1, arbitrary: fc.constantFrom<Act["op"]>("trySend", "tryReceive", "trySelect") },
    { weight: 1, arbitrary: fc.constant<Act["op"]>("close") },
  ),
  channel: fc.nat(CHANNELS - 1),
  patience: anyPatience,
  cases: fc.array(fc.record({ channel: fc.nat(CHANNELS - 1), sends: fc.boolean() }), {
    minLength: 1,
    maxLength: 4,
  }),
});

class Bench {
  readonly rig: SyncRig = new SyncRig();
  readonly channels: readonly Channel<Item>[];
  readonly ledger: Ledger = new Ledger();

  constructor(capacities: readonly number[]) {
    this.channels = capacities.map((capacity) => new Channel<Item>(this.rig, capacity));
  }

  *act(worker: RigWorker, act: Act): Coroutine<void> {
    const { ledger } = this;
    const channel = this.channels[act.channel]!;
    // Nobody is sure to come: everybody gives up in the end.
    const deadlineNs = deadlineOf(worker, act.patience ?? 2000);
    if (act.op === "close") return yield* this.#unlessClosed(channel.close(worker), () => {});
    if (act.op === "send" || act.op === "trySend") {
      const item = ledger.next(worker, act.channel);
      const sends =
        act.op === "send" ? channel.sendUntil(worker, item, deadlineNs) : channel.trySend(worker, item);
      return yield* this.#unlessClosed(sends, (sent) =>
        (sent === true ? ledger.sent : ledger.unsent).push(item),
      );
    }
    if (act.op === "receive" || act.op === "tryReceive") {
      const receives =
        act.op === "receive" ? channel.receiveUntil(worker, deadlineNs) : channel.tryReceive(worker);
      const received = yield* unlessCancelled<Awaited<{ status: string; value?: Item }>>(receives);
      if (received?.status === "value") ledger.received.push({ item: received.value!, by: worker.name });
      return;
    }
    yield* this.#select(worker, act, deadlineNs);
  }

  *#select(worker: RigWorker, { op, cases }: Act, deadlineNs: number): Coroutine<void> {
    const { ledger, channels } = this;
    const items = cases.map(({ channel }) => ledger.next(worker, channel));
    const all = cases.map(({ channel, sends }, i) =>
      sends ? sendTo(channels[channel], items[i]!) : receiveFrom(channels[channel]),
    );
    const selects = function* () {
      return yield* op === "select" ? selectUntil(worker, all, deadlineNs) : trySelect(worker, all);
    };
    yield* this.#unlessClosed(selects(), (chosen) => {
      if (chosen === undefined || chosen.index < 0) return;
      expect(chosen.status === "sent").toBe(cases[chosen.index]!.sends);
      if (chosen.status === "sent") ledger.sent.push(items[chosen.index]!);
      else if (chosen.status === "value") {
        expect(chosen.value.channel).toBe(cases[chosen.index]!.channel);
        ledger.received.push({ item: chosen.value, by: worker.name });
      }
    });
  }

  *#unlessClosed<T>(operation: Coroutine<T>, then: (result: T | undefined) => unknown): Coroutine<void> {
    try {
      then(yield* unlessCancelled(operation));
    } catch (error) {
      if (!(error instanceof SyncError && error.code === "ERR_CHANNEL_CLOSED")) throw error;
    }
  }

  /** What is left in the channels. */
  *drain(worker: RigWorker): Coroutine<Item[]> {
    const left: Item[] = [];
    for (const channel of this.channels) {
      for (;;) {
        const received = yield* channel.tryReceive(worker);
        if (received.status !== "value") break;
        left.push(received.value);
      }
    }
    return left;
  }
}

const anyCapacities = fc.array(fc.nat(2), { minLength: CHANNELS, maxLength: CHANNELS });

describe("channels and select", () => {
  it("deliver what was sent, once and in order, whatever is closed, given up or cancelled", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(anyAct, { minLength: 1, maxLength: 5 }), { minLength: 2, maxLength: 5 }),
        anyCapacities,
        anyCancellations,
        anyWeave,
        (plans, capacities, cancellations, weave) => {
          const bench = new Bench(capacities);
          let live = plans.length;
          let left: Item[] = [];
          const body = function* (worker: RigWorker, acts: (typeof plans)[number]): Coroutine<void> {
            for (const act of acts) yield* bench.act(worker, act);
            if (--live === 0) left = yield* bench.drain(worker);
          };
          runPlans(bench.rig, plans, body, cancellations, weave);
          bench.ledger.check(left);
        },
      ),
      { numRuns: 3 * NUM_RUNS },
    );
  });

  it("wake whoever can go on: as many sends as receives leave nobody waiting", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ sends: fc.boolean(), count: fc.integer({ min: 1, max: 4 }), selects: fc.boolean() }),
          {
            minLength: 1,
            maxLength: 4,
          },
        ),
        fc.nat(2),
        anyWeave,
        (plans, capacity, weave) => {
          const rig = new SyncRig();
          const pair = [0, 1].map(() => new Channel<number>(rig, capacity)) as [
            Channel<number>,
            Channel<number>,
          ];
          // Everybody has a partner who does the opposite as often, on a channel of its own and on a common one.
          const both = plans.flatMap((plan) => [plan, { ...plan, sends: !plan.sends }]);
          let balance = 0;
          const body = function* (worker: RigWorker, plan: (typeof plans)[number]): Coroutine<void> {
            for (let i = 0; i < plan.count; i++) {
              const [one] = pair;
              if (plan.sends) yield* one.send(worker, 1);
              else if (plan.selects)
                yield* selectUntil(
                  worker,
                  [receiveFrom(pair[1]), receiveFrom(one)],
                  Number.POSITIVE_INFINITY,
                );
              else yield* one.receive(worker);
              balance += plan.sends ? 1 : -1;
            }
          };
          runPlans(rig, both, body, [], weave);
          expect(balance).toBe(0);
        },
      ),
      { numRuns: NUM_RUNS },
    );
  });
});
