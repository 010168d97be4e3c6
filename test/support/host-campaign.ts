/** Host threads that do everything, while others of them are ended at random: an image, for scripts/host-kill-campaign.ts. */
import {
  blocking,
  now,
  type SetUp,
  safepoint,
  say,
  sys,
  tid,
  worker,
} from "../../src/machine/threads/index.ts";
import { createRuntime } from "../../src/worker/index.ts";

export const HOSTS = 8;
const ROUNDS = 400;
const url = import.meta.url;

interface Peer {
  readonly record: number;
  readonly generation: number;
}

export function everything(number: number, peer: Peer | undefined): number {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  say({ tid: tid(), number });
  const acts: (() => unknown)[] = [
    () => blocking(() => Atomics.wait(cell, 0, 0, 0.3)),
    () => worker.yield(),
    () => worker.sleep(50_000),
    () => {
      for (const end = now() + 50_000; now() < end; ) safepoint();
    },
    () => worker.parkUntil(now() + 100_000),
    () => sys.nanosleep(30_000),
    () => (peer === undefined ? 0 : worker.unpark(peer as never)),
  ];
  for (let round = 0; round < ROUNDS; round++) acts[(round * 3 + number) % acts.length]!();
  return number;
}

/** Says, when all have ended, how each did: its number, or the code of the error, the state and the last wait. */
export function setUp(machine: SetUp): void {
  const runtime = createRuntime(machine, { policy: "work-stealing", preemptNs: 1_000_000 });
  const peers: Peer[] = [];
  const handles = Array.from({ length: HOSTS }, (_, number) => {
    const args = [number, peers.at(-1)];
    const handle = machine.spawnHostWorker(runtime, { url, export: "everything", args });
    peers.push({ record: handle.record, generation: handle.generation });
    return handle;
  });
  for (let n = 0; n < 3; n++)
    runtime.spawn(function* (self) {
      for (let round = 0; round < ROUNDS / 2; round++) {
        yield* self.work(20_000);
        yield* self.yield();
        if (round % 5 === 0) yield* self.sleep(100_000);
      }
    });
  runtime.spawn(function* (self) {
    const ends: unknown[] = [];
    for (const handle of handles) {
      try {
        ends.push(yield* self.join(handle));
      } catch (error) {
        const { code, state, lastWait } = error as Record<string, unknown> & Error;
        ends.push({ code, state, lastWait });
      }
    }
    machine.say({ ends });
  });
}
