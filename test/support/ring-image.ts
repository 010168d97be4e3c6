/**
 * An image whose threads share two CPUs: rings that pass them on, threads that die with one, destructors that come too late.
 *
 * The program's memory: the CPUs, the turns, and a few words of its own.
 */
import { type Addr, addr } from "../../src/atomics/address.ts";
import type { Coroutine } from "../../src/atomics/step.ts";
import { PROGRAM_BASE } from "../../src/hosts/threads/index.ts";
import {
  awaitTurn,
  type CpuToken,
  giveTurn,
  LklCpus,
  layOutCpus,
  layOutTurns,
  switchTo,
} from "../../src/kernel-sim/lkl/cpu/index.ts";
import type { HostImage, HostOperations } from "../../src/kernel-sim/lkl/host/host-operations.ts";
import { fetchAdd } from "../../src/kernel-sim/lkl/host/words.ts";

/** Much longer than anything here takes. */
export const LONG_NS = 50e9;
export const CPUS = 2;
export const RINGS = 3;
export const ROUNDS = 60;

export const cpuLayout: ReturnType<typeof layOutCpus> = layOutCpus(PROGRAM_BASE, {
  cpus: CPUS,
  threads: 16,
  irqLines: 8,
});
export const turns: ReturnType<typeof layOutTurns> = layOutTurns(cpuLayout.end, 16);
/** How many own a CPU; the most there were; visits in all; what threads have to say. */
export const OWNERS: Addr = turns.end;
export const MOST: Addr = addr(OWNERS + 4);
export const VISITS: Addr = addr(OWNERS + 8);
export const SAID: Addr = addr(OWNERS + 12);
export const PROGRAM_BYTES: number = OWNERS + 64 - PROGRAM_BASE;

export function cpusOf({ words }: HostOperations): LklCpus {
  return new LklCpus(words, cpuLayout, function* () {
    yield* fetchAdd(words.memory, SAID, 1);
  });
}

export function must(token: CpuToken | string): CpuToken {
  if (typeof token === "string") throw new Error(token);
  return token;
}

/** User code that only the owner of a CPU runs. */
function* visit({ memory }: LklCpus["words"]): Coroutine<void> {
  const owners = (yield* fetchAdd(memory, OWNERS, 1)) + 1;
  if (owners > (yield* memory.load32(MOST))) yield* memory.store32(MOST, owners);
  yield* fetchAdd(memory, VISITS, 1);
  yield* fetchAdd(memory, OWNERS, -1);
}

/** `arg`: the CPU, the slot of the next in the ring, and whether it is the first (1) or the last (2), as digits `cnnb`. */
function* member(host: HostOperations, arg: number): Coroutine<void> {
  const cpu = Math.floor(arg / 1000);
  const next = Math.floor(arg / 10) % 100;
  const begins = arg % 10 === 1;
  const cpus = cpusOf(host);
  let token = must(yield* begins ? cpus.get(cpu, LONG_NS) : awaitTurn(cpus, turns, cpu, LONG_NS));
  for (let round = 1; round < ROUNDS; round++) {
    yield* visit(host.words);
    token = must(yield* switchTo(cpus, turns, token, next, LONG_NS));
  }
  yield* visit(host.words);
  if (arg % 10 === 2) yield* cpus.put(token);
  else yield* giveTurn(cpus, turns, token, next);
}

/** Gets CPU 0, says so, and dies with it. */
function* diesInside(host: HostOperations): Coroutine<void> {
  must(yield* cpusOf(host).get(0, LONG_NS));
  yield* host.words.memory.store32(SAID, 1);
  yield* host.words.wakeWord(SAID, 1);
  yield* host.words.waitWord(VISITS, 0, LONG_NS);
  process.exit(1);
}

const ANSWERS = ["poisoned", "closed-at-gate", "closed"] as const;

/** Says with what number of ANSWERS, from 1, it is refused. */
function* comesLate(host: HostOperations): Coroutine<void> {
  const token = yield* cpusOf(host).get(0, LONG_NS);
  yield* host.words.memory.store32(MOST, 1 + ANSWERS.indexOf(token as (typeof ANSWERS)[number]));
}

/** Has `comesLate` run when it has ended, with the key that `arg` is. */
function* endsLate(host: HostOperations, arg: number): Coroutine<void> {
  yield* host.tlsSet(arg, 1);
  yield* host.words.waitWord(VISITS, 0, LONG_NS);
}

export { comesLate, diesInside, endsLate, member };

export const image: HostImage = { entries: [member, diesInside, comesLate, endsLate] };
