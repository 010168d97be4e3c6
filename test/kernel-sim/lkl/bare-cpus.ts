/**
 * CPU ownership as a program in bare mode: threads that get, put, trigger and shut down, with a check that nobody but the owner
 * is in the kernel. Every class of interleavings is run, time-outs and wake-ups for no reason included.
 */
import { type Addr, addr } from "../../../src/atomics/address.ts";
import type { Coroutine, Step } from "../../../src/atomics/step.ts";
import { type Bare, type BareOptions, BareSystem, COMPLETE, DepthFirst } from "../../../src/explore/index.ts";
import { type IrqHandler, LklCpus, type Refusal } from "../../../src/kernel-sim/lkl/cpu/index.ts";
import { type CpuLayout, type CpuSizes, layOutCpus } from "../../../src/kernel-sim/lkl/cpu/layout.ts";
import type { CpuToken } from "../../../src/kernel-sim/lkl/cpu/token.ts";
import type { HostWords } from "../../../src/kernel-sim/lkl/host/host-words.ts";
import { FOREVER } from "../../../src/kernel-sim/times.ts";

/** Host words of thread `self` of a bare program. Time stands still, and any finite wait may time out. */
function bareWords(bare: Bare, self: number): HostWords {
  return {
    memory: bare,
    self,
    waitWord: (a: Addr, expected: number, timeoutNs: number): Step<number> =>
      bare.wait(a, expected, timeoutNs !== FOREVER),
    wakeWord: (a: Addr, count: number): Step<number> => bare.notify(a, count),
    now: () => 0,
    launch: () => {
      throw new Error("a bare program has the threads it has");
    },
    print: () => undefined,
  };
}

/** The kernel of a bare program: who is in it, and what its handlers have done. */
export class Kernel {
  readonly bare: Bare;
  readonly layout: CpuLayout;
  /** By CPU: the thread that is in the kernel, 0 = nobody. */
  readonly inside: number[] = [];
  /** Lines delivered, in order. */
  readonly delivered: number[] = [];
  /** What threads were told, by thread. */
  readonly told: Map<number, string[]> = new Map();
  /** A word for the program, and the state of CPU 0. */
  readonly mark: Addr;
  readonly stateWord: Addr;
  /** Another handler of the program's. */
  onIrq: IrqHandler | undefined;

  constructor(bare: Bare, sizes: Partial<CpuSizes> = {}) {
    this.bare = bare;
    this.layout = layOutCpus(64, { threads: 4, irqLines: 40, ...sizes });
    bare.array((this.layout.end - 64) / 4);
    this.mark = bare.word();
    this.stateWord = this.layout.records;
    bare.onReset(() => {
      this.inside.length = 0;
      this.delivered.length = 0;
      this.told.clear();
    });
  }

  /** A thread of the program, with the CPUs as it sees them. Slots are numbered from 1. */
  thread(body: (cpus: LklCpus, self: number) => Coroutine<void>): void {
    const { bare } = this;
    const self = bare.threads.length + 1;
    const kernel = this;
    const handler: IrqHandler = function* (line, cpu) {
      kernel.mustOwn(cpu, self);
      kernel.delivered.push(line);
      if (kernel.onIrq !== undefined) yield* kernel.onIrq(line, cpu);
    };
    const cpus = new LklCpus(bareWords(bare, self), this.layout, handler);
    bare.thread(() => body(cpus, self));
  }

  /**
   * A thread that has CPU 0 from the beginning: entering the gate as well would multiply the interleavings and add none of
   * interest. Call it once, and first.
   */
  holder(body: (cpus: LklCpus, self: number, token: CpuToken) => Coroutine<void>): void {
    this.bare.poke32(this.layout.gate, 1);
    this.bare.poke32(this.stateWord, 1 | (1 << 10));
    this.thread(function* (cpus, self) {
      yield* body(cpus, self, yield* cpus.adopt(0));
    });
  }

  tell(self: number, what: string): void {
    this.told.set(self, [...(this.told.get(self) ?? []), what]);
  }

  /** The caller has got the CPU. */
  enter(cpu: number, self: number): void {
    if ((this.inside[cpu] ?? 0) !== 0)
      throw new Error(`thread ${self} is in with thread ${this.inside[cpu]}`);
    this.inside[cpu] = self;
  }
  leave(cpu: number, self: number): void {
    this.mustOwn(cpu, self);
    this.inside[cpu] = 0;
  }
  /** Handlers run on the owner, also on one who is not inside by `get` of its own. */
  mustOwn(cpu: number, self: number): void {
    const owner = this.state(cpu) & 0x3ff;
    if (owner !== self) throw new Error(`thread ${self} is in the kernel on CPU ${cpu} of thread ${owner}`);
  }

  /** Gets CPU 0, is inside for a step, and puts it. */
  *visit(cpus: LklCpus, self: number, timeoutNs: number = FOREVER, cpu = 0): Coroutine<void> {
    const token: CpuToken | Refusal = yield* cpus.get(cpu, timeoutNs);
    if (typeof token === "string") this.tell(self, token);
    else yield* this.stay(cpus, self, token);
  }

  /** Is inside for a step, and puts. */
  *stay(cpus: LklCpus, self: number, token: CpuToken): Coroutine<void> {
    this.enter(token.cpu, self);
    yield* this.bare.pause();
    this.leave(token.cpu, self);
    yield* cpus.put(token);
    this.tell(self, "visited");
  }

  get gate(): number {
    return this.bare.peek32(this.layout.gate);
  }
  state(cpu = 0): number {
    return this.bare.peek32(addr(this.layout.records + cpu * this.layout.recordBytes));
  }
}

export interface Explored {
  /** Executions, each of another class. */
  readonly classes: number;
  /** Different outcomes, as told by the threads: "1: visited, 2: closed". */
  readonly outcomes: readonly string[];
}

const MAX_CLASSES = 50_000;

/** Runs every class of interleavings. Throws what is violated first, with its schedule. */
export function exploreKernel(
  program: (kernel: Kernel) => void,
  { sizes, maxSteps = 400, ...options }: BareOptions & { sizes?: Partial<CpuSizes>; maxSteps?: number } = {},
): Explored {
  let kernel: Kernel | undefined;
  const system = new BareSystem(
    (bare) => {
      kernel = new Kernel(bare, sizes);
      program(kernel);
    },
    { bytes: 4096, ...options },
  );
  const strategy = new DepthFirst(system, { sleepSets: true, maxSteps });
  const outcomes = new Set<string>();
  let classes = 0;
  do {
    if (strategy.execute() !== COMPLETE) continue;
    if (++classes > MAX_CLASSES) throw new Error(`more than ${MAX_CLASSES} classes`);
    system.finish();
    const [violation] = system.violations;
    if (violation !== undefined)
      throw new Error(`${violation.message} under ${strategy.schedule().join(" ")}`);
    const told = [...kernel!.told]
      .sort(([a], [b]) => a - b)
      .map(([self, what]) => `${self}: ${what.join(" ")}`);
    outcomes.add(told.join(", "));
  } while (strategy.advance());
  return { classes, outcomes: [...outcomes].sort() };
}
