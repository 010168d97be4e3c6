/**
 * What steps of an explored machine have touched, as footprints: words of user memory, and objects of the kernel as its tables
 * tell of them (hosts/explore/observed-kernel.ts).
 *
 * The state of an actor's own coroutine is no object: it changes by steps of the actor, and by interrupts of its CPU, which
 * are told of (TaskCode). What decides whether an actor is enabled is asked for by its step, so it is part of what that touches.
 */
import { type AccessSlot, CMPXCHG32, CMPXCHG64, COPY_IN, COPY_OUT } from "../../hosts/explore/access-slot.ts";
import { ACTOR_CPU } from "../../hosts/explore/actors.ts";
import { WILL_ACCESS } from "../../hosts/explore/task-code.ts";
import { Footprints, writes } from "../../interleaving/footprints.ts";
import type { ExploredMachine } from "../../machine/explored-machine.ts";

export class ObservedSteps {
  readonly footprints: Footprints;
  /** Objects are numbered below this. */
  readonly count: number;
  readonly #machine: ExploredMachine;
  readonly #words: Uint32Array;
  readonly #longs: BigUint64Array;
  /** First word of user memory, in words of the buffer. */
  readonly #base: number;
  #everything = 0;

  constructor(machine: ExploredMachine) {
    const { kernel } = machine;
    machine.observe();
    this.#machine = machine;
    this.#words = new Uint32Array(kernel.buffer);
    this.#longs = new BigUint64Array(kernel.buffer, 0, kernel.buffer.byteLength >>> 3);
    this.#base = kernel.userBase >>> 2;
    this.count = machine.objects.count;
    this.footprints = new Footprints(this.count);
  }

  /** Lets an enabled actor step. Returns what it touched; what it throws, with what it had touched by then, is `caught`'s. */
  step(actor: number, caught: (cause: unknown) => void): number {
    const { host, kernel, touches } = this.#machine;
    touches.begin();
    if (host.actors.kind(actor) === ACTOR_CPU) {
      const tid = kernel.cpus.curr(host.actors.place(actor));
      if (tid !== 0 && host.code.request(tid) === WILL_ACCESS) this.#access(host.code.slot(tid));
    }
    try {
      this.#machine.step(actor);
    } catch (cause) {
      caught(cause);
    }
    return this.footprints.ofAscending(touches.end());
  }

  /** What decides whether an actor is enabled. */
  gate(actor: number): number {
    const { host, touches } = this.#machine;
    touches.begin();
    host.isEnabled(actor);
    return this.footprints.ofAscending(touches.end());
  }

  /** Of a step that nobody can know: the execution has come to an end before it. */
  get everything(): number {
    if (this.#everything === 0)
      this.#everything = this.footprints.of(
        Array.from({ length: this.count }, (_, object) => writes(object)),
      );
    return this.#everything;
  }

  #access(slot: AccessSlot): void {
    const { touches } = this.#machine;
    const first = (slot.addr >>> 2) - this.#base;
    const copies = slot.operation === COPY_OUT || slot.operation === COPY_IN;
    const words = copies ? Math.ceil(slot.size / 4) + 1 : slot.size >>> 2;
    const changes = this.#changes(slot);
    for (let word = first; word < first + words; word++) {
      if (changes) touches.write(word);
      else touches.read(word);
    }
  }

  /** A compare-exchange that would lose is a read. */
  #changes(slot: AccessSlot): boolean {
    if (slot.operation === CMPXCHG32) return this.#words[slot.addr >>> 2] === slot.expected >>> 0;
    if (slot.operation === CMPXCHG64) return this.#longs[slot.addr >>> 3] === slot.longExpected;
    return slot.writes;
  }
}
