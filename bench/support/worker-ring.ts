/** A ring of workers that pass a token: each is unparked by the one before it, unparks the next and parks again. */
import type { Machine } from "../../src/machine.ts";
import { createRuntime } from "../../src/worker/runtime.ts";
import type { WorkerFunction } from "../../src/worker/worker.ts";
import { roomyMachine } from "./roomy-machine.ts";

export class WorkerRing {
  readonly #machine: Machine;
  #hops = 0;

  /** `size` workers, and a token that has been round once. */
  constructor(size: number) {
    this.#machine = roomyMachine(size + 1);
    const runtime = createRuntime(this.#machine);
    const ring = this;
    const body: WorkerFunction<never> = function* (worker) {
      // The worker that runs after k hops is number k modulo the size.
      for (;;) {
        yield* worker.park();
        ring.#hops++;
        yield* worker.unpark(handles[ring.#hops % size]!);
      }
    };
    const handles = Array.from({ length: size }, () => runtime.spawn(body));
    runtime.spawn((worker) => worker.unpark(handles[0]!));
    this.hopNs(size);
  }

  /** How often the token has been passed. */
  get hops(): number {
    return this.#hops;
  }
  /** Of tasks, since the ring was made. */
  get switches(): number {
    return this.#machine.result().switches;
  }

  /** Wall ns of one hop, over `hops` of them or some more. */
  hopNs(hops: number): number {
    const before = this.#hops;
    const started = performance.now();
    this.#machine.run({ stop: () => this.#hops - before >= hops });
    return ((performance.now() - started) * 1e6) / (this.#hops - before);
  }
}
