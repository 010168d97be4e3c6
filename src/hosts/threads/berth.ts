/**
 * Where a Worker waits for the next thread to be: starting one takes 20 to 40 ms, so it is used again.
 *
 * | word | written by                                                                                           |
 * |------|------------------------------------------------------------------------------------------------------|
 * | slot | the owner: IDLE -> a slot; the Worker: -> IDLE when its thread has ended, IDLE -> RETIRED when its time is up |
 * | state| the owner, before the slot: the slot's state word when the thread was launched                          |
 *
 * What a module keeps in variables of its own is there still for the next thread; what threads share belongs into words.
 */
const IDLE = 0;
const RETIRED = -1;

/** How long a Worker waits for another thread to be. */
const IDLE_MS = 10_000;

export type Berth = Int32Array<SharedArrayBuffer>;

/** For a Worker that begins with `slot`. */
export function makeBerth(slot: number, state: number): Berth {
  const berth = new Int32Array(new SharedArrayBuffer(8));
  berth[0] = slot;
  berth[1] = state;
  return berth;
}

/** By the owner: gives an idle Worker a thread to be. False: it is not idle. */
export function occupy(berth: Berth, slot: number, state: number): boolean {
  if (Atomics.load(berth, 0) !== IDLE) return false;
  // Nobody but the owner writes it, and the Worker reads it after the slot.
  Atomics.store(berth, 1, state);
  if (Atomics.compareExchange(berth, 0, IDLE, slot) !== IDLE) return false;
  Atomics.notify(berth, 0);
  return true;
}

/** The thread that its Worker is, or was when it died; undefined: none. */
export function occupant(berth: Berth): { readonly slot: number; readonly state: number } | undefined {
  const slot = Atomics.load(berth, 0);
  return slot > 0 ? { slot, state: Atomics.load(berth, 1) } : undefined;
}

/** By the Worker, whose thread has ended: waits to be another. False: nobody wants it. */
export function awaitOccupant(berth: Berth): boolean {
  Atomics.store(berth, 0, IDLE);
  const deadline = performance.now() + IDLE_MS;
  // A turn more when the wait ends early.
  for (let left = IDLE_MS; left > 0; left = deadline - performance.now()) {
    Atomics.wait(berth, 0, IDLE, left);
    if (Atomics.load(berth, 0) !== IDLE) return true;
  }
  return Atomics.compareExchange(berth, 0, IDLE, RETIRED) !== IDLE;
}
