/**
 * Kills threads at random moments under a mixed load, and checks that nothing else is lost: nobody hangs, everybody but the
 * victims ends with a result, no two threads ever had one CPU, what mutexes protect is whole, and no Worker is left.
 */
import { setTimeout as delay } from "node:timers/promises";
import {
  createThreads,
  formatReport,
  type HostThreads,
  ThreadEndError,
  type ThreadHandle,
} from "../../../src/threads/index.ts";
import { BEGUN, dice, FAILED, LOAD_BYTES, MUTEXES, PEERS, PERMITS, STOP, VIOLATIONS } from "./mixed-load.ts";

export interface Campaign {
  readonly seed: number;
  readonly kills: number;
  readonly threads: number;
  readonly cpus: number;
  readonly policy?: "fifo" | "per-cpu";
  /**
   * Workers started before anybody runs: as many more than threads, as many victims are followed by one that waits. Default: none
   * does, and each successor is started while the others run, which takes most of a campaign's time.
   */
  readonly warm?: number;
}

export interface CampaignResult {
  readonly killed: number;
  /** Of these, those that were killed by their own process.exit. */
  readonly exited: number;
  readonly survivors: number;
  /** What the survivors have done. */
  readonly acts: number;
  readonly recoveries: number;
}

/** Whoever has not ended so long after it was told to hangs; a Worker under a load of 40 has taken more than 20 s to start. */
const PATIENCE_MS = 60_000;
/** Threads that are starting while others are killed. */
const ABSENT = 3;
const url = new URL("./mixed-load.ts", import.meta.url);

export async function killCampaign(campaign: Campaign): Promise<CampaignResult> {
  const { seed, kills, threads: count, cpus, policy = "fifo", warm = count } = campaign;
  const threads = await createThreads({
    ...{ cpus, threads: warm, policy, quantumMs: 2, prewarm: warm },
    startTimeoutMs: PATIENCE_MS,
  });
  const result = await run(threads, seed, kills, count).finally(() => threads.close());
  if (threads.workers !== 0) throw new Error(`${threads.workers} Workers are left`);
  return result;
}

async function run(
  threads: HostThreads,
  seed: number,
  kills: number,
  count: number,
): Promise<CampaignResult> {
  const below = dice(seed);
  const words = new Int32Array(new SharedArrayBuffer(LOAD_BYTES));
  for (let i = 0; i < MUTEXES; i++) threads.mutex();
  threads.semaphore(PERMITS);
  threads.channel({ capacity: 2 });
  let exited = 0;
  /** Places of those that die by their own hand. */
  const suicides = new Set<number>();
  const spawn = (place: number): ThreadHandle<number> => {
    const suicide = below(8) === 0;
    if (suicide) suicides.add(place);
    else suicides.delete(place);
    const args = [words, below(1 << 30), count, place];
    Atomics.store(words, BEGUN + place, 0);
    const handle = threads.spawn<number>({ url, export: suicide ? "mixedSuicide" : "mixedLoad", args });
    Atomics.store(words, PEERS + place, handle.id);
    return handle;
  };
  const places = Array.from({ length: count }, (_, place) => spawn(place));
  const all = places.map((_, place) => place);
  let killed = 0;
  while (killed < kills) {
    const from = below(count);
    const place = await begun(threads, words, [...all.slice(from), ...all.slice(0, from)], count - ABSENT);
    const victim = places[place]!;
    // Where it is by then is the host's choice: the seed decides the rest.
    if (below(4) > 0) await delay(below(4));
    victim.kill();
    const error = await ended(threads, victim);
    if (!(error instanceof ThreadEndError)) throw new Error(`a victim has ended with ${String(error)}`);
    if (error.code === "ERR_THREAD_DIED") exited++;
    else if (error.code !== "ERR_THREAD_KILLED") throw error;
    killed++;
    places[place] = spawn(place);
  }
  // One at least that has an end of its own has begun.
  await begun(
    threads,
    words,
    all.filter((place) => !suicides.has(place)),
    1,
  );
  // Suicides have no other end.
  const survivors = await stop(threads, words, places);
  const { ready, lockedBy, recoveries, threads: left } = threads.report();
  if (ready !== 0 || lockedBy !== 0 || left.length !== 0)
    throw new Error(`something is left:\n${formatReport(threads.report()).join("\n")}`);
  if (words[VIOLATIONS] !== 0) throw new Error(`${words[VIOLATIONS]} violations of check ${words[FAILED]}`);
  return { killed, exited, survivors: survivors.count, acts: survivors.acts, recoveries };
}

/** Waits until threads at `atLeast` of these places have done something; the first place of theirs. */
async function begun(
  threads: HostThreads,
  words: Int32Array<SharedArrayBuffer>,
  places: readonly number[],
  atLeast: number,
): Promise<number> {
  const deadline = performance.now() + PATIENCE_MS;
  while (performance.now() < deadline) {
    const busy = places.filter((place) => Atomics.load(words, BEGUN + place) > 0);
    if (busy.length >= atLeast) return busy[0]!;
    await delay(1);
  }
  throw new Error(`too few threads do anything:\n${formatReport(threads.report()).join("\n")}`);
}

async function stop(
  threads: HostThreads,
  words: Int32Array<SharedArrayBuffer>,
  places: readonly ThreadHandle<number>[],
): Promise<{ count: number; acts: number }> {
  Atomics.store(words, STOP, 1);
  Atomics.notify(words, STOP);
  let [count, acts] = [0, 0];
  for (const handle of places) {
    const end = await ended(threads, handle);
    if (typeof end === "number") {
      count++;
      acts += end;
    } else if (!(end instanceof ThreadEndError) || end.code !== "ERR_THREAD_DIED") throw end;
  }
  return { count, acts };
}

/** What a thread has come to; throws a report when it comes to no end. */
async function ended(threads: HostThreads, handle: ThreadHandle<number>): Promise<unknown> {
  const timer = new AbortController();
  const late = delay(PATIENCE_MS, "late", { signal: timer.signal }).catch(String);
  const end = await Promise.race([handle.join().catch((error: unknown) => error), late]);
  timer.abort();
  if (end !== "late") return end;
  throw new Error(`thread ${handle.id} hangs:\n${formatReport(threads.report()).join("\n")}`);
}
