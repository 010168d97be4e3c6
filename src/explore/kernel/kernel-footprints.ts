/**
 * What the next step of an actor of an explored machine touches.
 *
 * Objects are the words of user memory, one for the kernel's own state, K, and one for each CPU. K is coarse, and yet most
 * steps of different CPUs are independent:
 *
 * | step | accesses |
 * |---|---|
 * | access of user mode | its words; reads its CPU |
 * | access of the kernel on behalf of a task | its words; reads K |
 * | what the kernel does behind a sync: wake-ups, queues, timers, ends of tasks | writes K |
 * | registration (the kernel copies a record, then has it) | its words; writes K |
 * | __schedule(), a turn of the idle loop | reads K; writes it if whoever comes next goes on within a call that is none of UMCG's |
 * | an interrupt | writes K and its CPU, because it comes before the next step of user mode there |
 *
 * Why reading K is honest. Between two announcements a kernel coroutine changes only what is its own task's (state, flags,
 * wait reason) or its own CPU's, and reads of others only whether they are registered and as what; whoever looks at a task or
 * a queue of another CPU, or changes a registration, does so behind a sync. test/explore/kernel/footprints.test.ts holds every
 * step of a set of programs to that.
 *
 * A compare-exchange that would lose is a read.
 */
import { type AccessSlot, CMPXCHG32, CMPXCHG64, COPY_IN, COPY_OUT } from "../../hosts/explore/access-slot.ts";
import { ACTOR_CPU } from "../../hosts/explore/actors.ts";
import { WILL_ACCESS, WILL_COMPUTE, WILL_GO_ON, WILL_SCHEDULE } from "../../hosts/explore/task-code.ts";
import { Footprints, reads, writes } from "../../interleaving/footprints.ts";
import { WAIT_UMCG, WAIT_UMCG_IDLE } from "../../kernel-sim/constants.ts";
import type { ExploredMachine } from "../../machine/explored-machine.ts";

export class KernelFootprints {
  readonly footprints: Footprints;
  /** Objects are numbered below this. */
  readonly count: number;
  readonly #machine: ExploredMachine;
  readonly #words: Uint32Array;
  readonly #longs: BigUint64Array;
  /** First word of user memory, in words of the buffer. */
  readonly #base: number;
  readonly #readsKernel: number;
  readonly #writesKernel: number;
  readonly #readsCpu: number[];
  readonly #interrupts: number[];
  readonly #known: Map<number, number> = new Map();

  /** `paging`: others change the page table, which a step of user mode looks at. */
  constructor(machine: ExploredMachine, paging: boolean) {
    const { kernel } = machine;
    const { vcpus } = kernel.config;
    this.#machine = machine;
    this.#words = new Uint32Array(kernel.buffer);
    this.#longs = new BigUint64Array(kernel.buffer, 0, kernel.buffer.byteLength >>> 3);
    this.#base = kernel.userBase >>> 2;
    const words = (kernel.userEnd - kernel.userBase) >>> 2;
    this.count = words + 1 + vcpus;
    this.footprints = new Footprints(this.count);
    this.#readsKernel = reads(words);
    this.#writesKernel = writes(words);
    const cpus = Array.from({ length: vcpus }, (_, cpu) => words + 1 + cpu);
    this.#readsCpu = cpus.map((object) =>
      paging ? this.footprints.pair(reads(words), reads(object)) : reads(object),
    );
    this.#interrupts = cpus.map((object) => this.footprints.pair(writes(words), writes(object)));
  }

  /** Of an actor that can take a step, or could in another state. */
  of(actor: number): number {
    const { host, kernel } = this.#machine;
    const place = host.actors.place(actor);
    if (host.actors.kind(actor) !== ACTOR_CPU) return this.#interrupt(actor, place);
    const tid = kernel.cpus.curr(place);
    if (tid === 0) return this.#switch(place);
    switch (host.code.request(tid)) {
      case WILL_ACCESS:
        return this.#access(host.code.slot(tid), place);
      case WILL_SCHEDULE:
        return this.#goesOn(tid) ? this.#switch(place) : this.#writesKernel;
      case WILL_COMPUTE:
        return this.#readsCpu[place]!;
      default:
        return this.#writesKernel;
    }
  }

  /** May the footprint of the next step change while the actor does not take it? */
  varies(actor: number): boolean {
    const { host, kernel } = this.#machine;
    if (host.actors.kind(actor) !== ACTOR_CPU) return true;
    const tid = kernel.cpus.curr(host.actors.place(actor));
    if (tid === 0) return true;
    if (host.code.request(tid) !== WILL_ACCESS) return false;
    const { operation } = host.code.slot(tid);
    return operation === CMPXCHG32 || operation === CMPXCHG64;
  }

  /** Spurious wake-ups and signals come by the CPU that their task is on. */
  #interrupt(actor: number, place: number): number {
    const { host, kernel } = this.#machine;
    const ofTask = actor >= 5 * host.actors.vcpus;
    return this.#interrupts[ofTask ? kernel.tasks.cpu(place) : place]!;
  }

  /** A CPU switches, and whoever it switches to goes on up to the next thing that he is about to do. */
  #switch(cpu: number): number {
    const { kernel } = this.#machine;
    const { fair, cpus, tasks } = kernel;
    for (let tid = fair.firstWaiting(cpu); tid !== 0; tid = fair.nextWaiting(tid))
      if (!this.#keepsToItself(tid)) return this.#writesKernel;
    for (let tid = cpus.wakeListHead(cpu); tid !== 0; tid = tasks.wakeNext(tid))
      if (!this.#keepsToItself(tid)) return this.#writesKernel;
    return this.#readsKernel;
  }

  /** A task that comes back from a wait of UMCG looks at its word first; a new one begins in user mode. */
  #keepsToItself(tid: number): boolean {
    const { code } = this.#machine.host;
    return code.request(tid) !== WILL_GO_ON || code.isFresh(tid) || this.#goesOn(tid);
  }

  /** Does it, when it goes on behind __schedule(), look at its own words and nothing else? */
  #goesOn(tid: number): boolean {
    const { tasks } = this.#machine.kernel;
    const reason = tasks.waitReason(tid);
    return (reason === WAIT_UMCG || reason === WAIT_UMCG_IDLE) && tasks.work(tid) === 0;
  }

  #access(slot: AccessSlot, cpu: number): number {
    const { operation } = slot;
    if (operation === COPY_OUT || operation === COPY_IN) return this.#copy(slot, cpu);
    const beside = slot.user ? this.#readsCpu[cpu]! : this.#readsKernel;
    const long = slot.size === 8 ? 1 : 0;
    const write = this.#changes(slot) ? 1 : 0;
    const word = (slot.addr >>> 2) - this.#base;
    const key = ((word * 2 + long) * 2 + write) * 64 + (slot.user ? cpu + 1 : 0);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const access = write === 1 ? writes : reads;
    const own = long === 1 ? this.footprints.pair(access(word), access(word + 1)) : access(word);
    const made = this.footprints.union(own, beside);
    this.#known.set(key, made);
    return made;
  }

  #changes(slot: AccessSlot): boolean {
    if (slot.operation === CMPXCHG32) return this.#words[slot.addr >>> 2] === slot.expected >>> 0;
    if (slot.operation === CMPXCHG64) return this.#longs[slot.addr >>> 3] === slot.longExpected;
    return slot.writes;
  }

  #copy(slot: AccessSlot, cpu: number): number {
    const first = (slot.addr >>> 2) - this.#base;
    const words = Math.ceil(slot.size / 4) + 1;
    const access = slot.writes ? writes : reads;
    const own = this.footprints.of(Array.from({ length: words }, (_, i) => access(first + i)));
    return this.footprints.union(own, slot.user ? this.#readsCpu[cpu]! : this.#writesKernel);
  }
}
