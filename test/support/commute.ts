/**
 * Do steps that have nothing in common commute? Of two actors that can step in a state, both orders are made, and all there is
 * of the machine is compared: its buffer, what the host keeps, who can step and what the steps touched.
 *
 * What is left out of the comparison is what table-rules.ts says nobody can see. Where those words lie is found out by writing
 * to them, so that nothing else is left out by mistake.
 */

import type { KernelSystem } from "../../src/explore/kernel/kernel-system.ts";
import { UNSEEN } from "../../src/hosts/explore/table-rules.ts";
import type { Kernel } from "../../src/kernel-sim/kernel.ts";
import { Sfc32 } from "../../src/random/sfc32.ts";

type Setter = (row: number, to: number) => void;

/** Words of the buffer that are left out. */
function unseenWords(kernel: Kernel): Set<number> {
  const words = new Uint32Array(kernel.buffer);
  const found = new Set<number>();
  const probe = (change: () => void): void => {
    const before = words.slice();
    change();
    for (let i = 0; i < words.length; i++) if (words[i] !== before[i]) found.add(i);
  };
  // Between them these change every bit of a word and both words of a time.
  for (const value of [-1, 1 / 3]) probe(() => setUnseen(kernel, value));
  // In which order timers of the same time were armed, as a number; the order itself is in their links.
  const rearm = (): void => {
    for (let timer = 1; timer <= kernel.timers.capacity; timer++) {
      kernel.timers.arm(timer, 0, 1, 1);
      kernel.timers.cancel(timer);
    }
  };
  rearm();
  probe(rearm);
  return found;
}

function setUnseen(kernel: Kernel, value: number): void {
  const { vcpus, maxTasks } = kernel.config;
  for (const [table, columns] of Object.entries(UNSEEN)) {
    const owner = (kernel as unknown as Record<string, Record<string, Setter>>)[table]!;
    const rows = table === "tasks" ? maxTasks + 1 : vcpus;
    for (const column of columns) {
      const set = `set${column.charAt(0).toUpperCase()}${column.slice(1)}`;
      for (let row = 0; row < rows; row++) owner[set]!(row, value);
    }
  }
  for (let cpu = 0; cpu < vcpus; cpu++)
    for (let vector = 0; vector < 3; vector++) kernel.smp.countReceived(cpu, vector);
}

export interface Mismatch {
  readonly schedule: readonly number[];
  readonly first: string;
  readonly second: string;
  readonly what: string;
}

export class Exchanges {
  readonly system: KernelSystem;
  readonly #words: Uint32Array;
  readonly #left: Set<number>;
  /** Pairs of steps that were made in both orders. */
  made = 0;

  constructor(system: KernelSystem) {
    this.system = system;
    system.reset();
    this.#left = unseenWords(system.machine.kernel);
    system.observe();
    this.#words = new Uint32Array(system.machine.kernel.buffer);
  }

  /** Walks at random, and at one state in `every` exchanges two steps, if they have nothing in common. */
  *walk(seed: number, every: number, maxSteps = 2_000): Generator<Mismatch> {
    const { system } = this;
    const random = new Sfc32(seed);
    const draw = (below: number): number => Math.floor(random.next() * below);
    const schedule: number[] = [];
    system.reset();
    for (let count = system.enabledCount(); count > 0; count = system.enabledCount()) {
      if (schedule.length === maxSteps) return;
      const enabled = system.enabled.slice(0, count);
      if (count > 1 && draw(every) === 0) {
        const a = enabled[draw(count)]!;
        const b = enabled[draw(count)]!;
        const wrong = a === b ? undefined : this.#exchange(schedule, a, b);
        if (wrong !== undefined) yield wrong;
        this.#replay(schedule);
      }
      const actor = enabled[draw(count)]!;
      system.step(actor, 0);
      schedule.push(actor);
    }
  }

  #replay(schedule: readonly number[]): void {
    this.system.reset();
    for (const actor of schedule) this.system.step(actor, 0);
  }

  #make(actor: number): number {
    const { system } = this;
    system.watched = true;
    system.step(actor, 0);
    system.watched = false;
    return system.completed(-1);
  }

  #exchange(schedule: readonly number[], a: number, b: number): Mismatch | undefined {
    const { system } = this;
    this.#replay(schedule);
    const [first, second] = [system.describe(a), system.describe(b)];
    const touchedByA = this.#make(a);
    this.#replay(schedule);
    const touchedByB = this.#make(b);
    if (system.footprints.dependent(touchedByA, touchedByB) || system.violations.length > 0) return undefined;
    this.made++;
    const wrong = (what: string): Mismatch => ({ schedule, first, second, what });
    if (!system.isEnabled(a)) return wrong("the second disables the first");
    const aBehindB = this.#make(a);
    if (system.violations.length > 0) return undefined;
    const there = this.#state();
    const wordsThere = this.#words.slice();
    this.#replay(schedule);
    this.#make(a);
    if (system.violations.length > 0) return undefined;
    if (!system.isEnabled(b)) return wrong("the first disables the second");
    const bBehindA = this.#make(b);
    if (system.violations.length > 0) return wrong("one order breaks something");
    const back = this.#state();
    if (aBehindB !== touchedByA || bBehindA !== touchedByB)
      return wrong(
        `they touch something else: ${this.#added(touchedByA, aBehindB)} ${this.#added(touchedByB, bBehindA)}`,
      );
    for (let i = 0; i < wordsThere.length; i++)
      if (wordsThere[i] !== this.#words[i] && !this.#left.has(i))
        return wrong(`word ${i} of the buffer is another`);
    for (const [name, value] of there) if (back.get(name) !== value) return wrong(`${name} is another`);
    return undefined;
  }

  #added(before: number, after: number): string {
    const { footprints, machine } = this.system;
    const known = footprints.accesses(before);
    const added = footprints.accesses(after).filter((access) => !known.includes(access));
    return added
      .map((access) => `${machine.objects.nameOf(access >> 1)}${access & 1 ? " written" : ""}`)
      .join(", ");
  }

  /** What there is beside the buffer, by name. */
  #state(): Map<string, string | number> {
    const { system } = this;
    const { host, kernel } = system.machine;
    const state = new Map<string, string | number>();
    const count = system.enabledCount();
    state.set("who is enabled", system.enabled.slice(0, count).join());
    for (const table of ["heads", "tails", "counts", "gives", "nexts", "queued"])
      state.set(`fair ${table}`, String((kernel.fair as unknown as Record<string, unknown>)[table]));
    const hidden = host as unknown as Record<string, Record<string, unknown>>;
    for (const part of ["pokes", "left"]) state.set(part, String(hidden["choices"]![part]));
    for (const part of ["clocks", "programmed", "lines"])
      state.set(part, String(hidden["interrupts"]![part]));
    state.set("time", host.now);
    for (let tid = 1; tid <= kernel.lastTid; tid++) {
      const { operation, addr, size, value, expected, longValue, longExpected } = host.code.slot(tid);
      const access = [operation, addr, size, value, expected, longValue, longExpected].join();
      state.set(`request of ${tid}`, `${host.code.request(tid)} ${access} ${host.code.inUserMode(tid)}`);
    }
    return state;
  }
}
