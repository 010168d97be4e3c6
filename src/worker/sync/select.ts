/**
 * Waits for the first of several sends and receives that can be done, and does exactly that one.
 *
 *     const chosen = yield* select(worker, [receiveFrom(jobs), sendTo(results, 42)]);
 *     if (chosen.index === 0 && chosen.status === "value") use(chosen.value);
 *
 * Among cases that are ready one is drawn, so none of them starves. Like Go's: the locks of all channels are taken in
 * the order of their addresses, so two selects never wait for each other; ready cases are looked for; if there is
 * none, a node is queued in every channel, all with one claim word; the locks are left and the worker parks. Whoever
 * claims that word has chosen the case. The worker takes all locks again, sees the claim complete, and takes the other
 * nodes out. A deadline or a cancellation counts only if the word is unclaimed when all locks are held.
 *
 * A case without a channel is never ready: so a loop can switch cases off (Go's nil channel).
 */
import { type Addr, NULL, wordFromAddr } from "../../atomics/address.ts";
import type { Coroutine } from "../../atomics/step.ts";
import { spinLock, spinUnlock } from "../../server/spin-lock.ts";
import type { Channel } from "./channel.ts";
import type { Cell, ChannelCore, Received } from "./channel-core.ts";
import { keepCpu, releaseCpu } from "./critical.ts";
import { callerOf, SyncError } from "./sync-error.ts";
import { NEVER, type SyncWorker } from "./sync-worker.ts";
import { claimOf, nodeStateOf, REFUSED, sharedClaimOf, type WaitList } from "./wait-list.ts";
import { parkWhile, type Ready, unparkAll, type WaitRoom } from "./wait-room.ts";

/** A case of a select that receives. */
export interface ReceiveCase<T> {
  readonly kind: "receive";
  readonly channel: Channel<T> | undefined;
}
/** A case of a select that sends `value`. */
export interface SendCase<T> {
  readonly kind: "send";
  readonly channel: Channel<T> | undefined;
  readonly value: T;
}
/** What `select` may choose. A channel that is undefined is never ready. */
export type SelectCase = ReceiveCase<unknown> | SendCase<unknown>;

/** To receive from `channel`; undefined: a case that is never ready. */
export function receiveFrom<T>(channel: Channel<T> | undefined): ReceiveCase<T> {
  return { kind: "receive", channel };
}
/** To send `value` to `channel`; undefined: a case that is never ready. */
export function sendTo<T>(channel: Channel<T> | undefined, value: T): SendCase<T> {
  return { kind: "send", channel, value };
}

type Outcome = Received<unknown> | { readonly status: "sent" };
type OutcomeOf<C> =
  C extends ReceiveCase<infer T>
    ? Received<T>
    : C extends SendCase<unknown>
      ? { readonly status: "sent" }
      : never;
type NumberOf<I> = I extends `${infer N extends number}` ? N : number;

/** Which case was done, and what came of it. */
export type Selected<Cases extends readonly SelectCase[]> = {
  [I in keyof Cases]: { readonly index: NumberOf<I> } & OutcomeOf<Cases[I]>;
}[number];

/** No case was done. */
export interface NotSelected<Status> {
  readonly index: -1;
  readonly status: Status;
}

/** Waits for a case. Throws ERR_CHANNEL_CLOSED (a send), ERR_SELECT_EMPTY, ERR_CANCELLED: then no case was done. */
export function* select<const Cases extends readonly SelectCase[]>(
  worker: SyncWorker,
  cases: Cases,
): Coroutine<Selected<Cases>> {
  return (yield* selectUntil(worker, cases, NEVER)) as Selected<Cases>;
}

/** The same, until a deadline. */
export function* selectUntil<const Cases extends readonly SelectCase[]>(
  worker: SyncWorker,
  cases: Cases,
  deadlineNs: number,
): Coroutine<Selected<Cases> | NotSelected<"timeout">> {
  const seats = seatsOf(cases);
  if (seats.length === 0 && deadlineNs === NEVER) {
    throw new SyncError("ERR_SELECT_EMPTY", "select", `${callerOf(worker)} waits for nothing`);
  }
  const chosen = (yield* doReady(worker, seats, true)) ?? (yield* waitForOne(worker, seats, deadlineNs));
  return (chosen ?? { index: -1, status: "timeout" }) as Selected<Cases> | NotSelected<"timeout">;
}

/** Does a case that is ready now, if there is one. */
export function* trySelect<const Cases extends readonly SelectCase[]>(
  worker: SyncWorker,
  cases: Cases,
): Coroutine<Selected<Cases> | NotSelected<"none">> {
  const chosen = yield* doReady(worker, seatsOf(cases), false);
  return (chosen ?? { index: -1, status: "none" }) as Selected<Cases> | NotSelected<"none">;
}

/** A case that can become ready, and its node while the worker waits. */
interface Seat {
  readonly index: number;
  readonly core: ChannelCore<unknown>;
  readonly sends: boolean;
  readonly list: WaitList;
  readonly cell: Cell<unknown>;
  node: Addr;
}

type Chosen = { readonly index: number } & Outcome;

/** Looks for a ready case, in a drawn order, and does it; else queues a node for each, if `enlist`. */
function* doReady(
  worker: SyncWorker,
  seats: readonly Seat[],
  enlist: boolean,
): Coroutine<Chosen | undefined> {
  if (seats.length === 0) return undefined;
  const { memory } = worker;
  const rooms = roomsOf(seats);
  const ready: Ready = [];
  let chosen: Chosen | undefined;
  yield* lockAll(worker, rooms);
  try {
    const order = [...seats];
    // Bounded by the cases; each is drawn from those that are left.
    while (order.length > 0 && chosen === undefined) {
      const at = (yield* seats[0]!.core.draw(memory)) % order.length;
      chosen = yield* attempt(worker, order.splice(at, 1)[0]!, ready);
    }
    if (chosen === undefined && enlist) yield* enlistAll(worker, seats);
  } finally {
    yield* unlockAll(worker, rooms);
  }
  yield* unparkAll(worker, ready);
  if (chosen?.status === "value")
    seats.find(({ index }) => index === chosen.index)!.core.here(worker, chosen.value);
  return chosen;
}

function* attempt(worker: SyncWorker, seat: Seat, ready: Ready): Coroutine<Chosen | undefined> {
  const { index, core, sends, cell } = seat;
  if (sends) {
    return (yield* core.offer(worker, cell.value, ready)) ? { index, status: "sent" } : undefined;
  }
  const received = yield* core.poll(worker, ready);
  return received === undefined ? undefined : { index, ...received };
}

/** Under all locks. The claim word is in the first node. */
function* enlistAll(worker: SyncWorker, seats: readonly Seat[]): Coroutine<void> {
  const { memory } = worker;
  for (const seat of seats) {
    const { core, list, cell } = seat;
    // The number of a case in the claim word counts from 1: 0 says that nobody has claimed it.
    seat.node = yield* core.room.seat(worker, seat.index + 1);
    const claim = sharedClaimOf(seats[0]!.node);
    if (seat === seats[0]) yield* memory.store32(claim, 0);
    yield* memory.store64(claimOf(seat.node), wordFromAddr(claim));
    yield* core.enlist(memory, list, seat.node, cell);
  }
}

/** Waits with a node in every channel, and takes all of them out. */
function* waitForOne(
  worker: SyncWorker,
  seats: readonly Seat[],
  deadlineNs: number,
): Coroutine<Chosen | undefined> {
  const { memory } = worker;
  if (seats.length === 0) {
    // Bounded by the unparks.
    while (worker.now() < deadlineNs) yield* worker.parkUntil(deadlineNs);
    return undefined;
  }
  const claim = sharedClaimOf(seats[0]!.node);
  const thrown = yield* parkWhile(worker, claim, 0, deadlineNs);
  const rooms = roomsOf(seats);
  yield* lockAll(worker, rooms);
  // Nobody can claim it now, and what is claimed has been given.
  const number = yield* memory.load32(claim);
  const seat = seats.find(({ index }) => index + 1 === number);
  const refused = seat !== undefined && (yield* memory.load32(nodeStateOf(seat.node))) === REFUSED;
  for (const one of seats) yield* one.core.delist(memory, one.list, one.node, one !== seat);
  yield* unlockAll(worker, rooms);
  if (seat !== undefined && !seat.sends && !refused) yield* seat.core.collect(memory, seat.node, seat.cell);
  for (const { core, node } of seats) core.room.unseat(node);
  if (thrown !== undefined) {
    if (seat === undefined) throw thrown;
    yield* worker.deferCancel();
  }
  return seat === undefined ? undefined : outcomeOf(worker, seat, refused);
}

function outcomeOf(worker: SyncWorker, { index, core, sends, cell }: Seat, refused: boolean): Chosen {
  if (refused && sends) throw core.closedError(worker);
  if (refused) return { index, status: "closed" };
  if (sends) return { index, status: "sent" };
  return { index, status: "value", value: core.here(worker, cell.value) };
}

function seatsOf(cases: readonly SelectCase[]): Seat[] {
  const seats: Seat[] = [];
  cases.forEach((one, index) => {
    if (one.channel === undefined) return;
    const { core } = one.channel;
    const sends = one.kind === "send";
    const cell = { value: sends ? one.value : undefined };
    seats.push({ index, core, sends, list: sends ? core.senders : core.receivers, cell, node: NULL });
  });
  return seats;
}

/** The rooms of the channels, each once, in the order in which everybody locks them. */
function roomsOf(seats: readonly Seat[]): WaitRoom[] {
  return [...new Set(seats.map(({ core }) => core.room))].sort((a, b) => a.lock - b.lock);
}

function* lockAll(worker: SyncWorker, rooms: readonly WaitRoom[]): Coroutine<void> {
  yield* keepCpu(worker);
  for (const room of rooms) yield* spinLock(worker, room.lock);
}

function* unlockAll(worker: SyncWorker, rooms: readonly WaitRoom[]): Coroutine<void> {
  for (const room of rooms) yield* spinUnlock(worker, room.lock);
  yield* releaseCpu(worker);
}
