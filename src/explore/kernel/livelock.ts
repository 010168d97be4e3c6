/**
 * Is an execution that was cut off for its length a livelock? From where it is everybody steps in turn, for long: if it neither ends
 * nor changes any word of user memory, nothing will come of it, and what tasks look at meanwhile is what they wait for.
 *
 * What comes from outside (preemptions, spurious wake-ups, signals) does not happen: nobody may count on it.
 */
import type { Addr } from "../../atomics/address.ts";
import { ACTOR_CPU, ACTOR_PREEMPT } from "../../hosts/explore/actors.ts";
import { WILL_ACCESS } from "../../hosts/explore/task-code.ts";
import type { ExploredMachine } from "../../machine/explored-machine.ts";

/** Steps in which whoever can get on does, and in which then nothing may change. */
const TO_SETTLE = 1_000;
const TO_WATCH = 1_000;

/** Who looks at which words, in words; undefined: something changes still, or it ends. The machine is left anywhere. */
export function findLivelock(machine: ExploredMachine): string | undefined {
  const { kernel } = machine;
  if (goOn(machine, TO_SETTLE, () => {}) < TO_SETTLE) return undefined;
  const words = new Uint32Array(kernel.buffer, kernel.userBase, (kernel.userEnd - kernel.userBase) >>> 2);
  const before = words.slice();
  const looks = new Map<number, Set<Addr>>();
  const steps = goOn(machine, TO_WATCH, (tid, addr) => {
    looks.set(tid, (looks.get(tid) ?? new Set()).add(addr));
  });
  if (steps < TO_WATCH || words.some((word, i) => word !== before[i])) return undefined;
  const told = [...looks].map(([tid, addrs]) => {
    const list = [...addrs].map((a) => `0x${a.toString(16)} = ${machine.peek32(a)}`).join(", ");
    return `${kernel.names.of(tid)} at ${list}`;
  });
  return `nothing changes any more, with ${told.join("; ") || "nobody looking at anything"}`;
}

/** Lets all step in turn. Returns how many steps were made: fewer when nobody can step, or something is thrown. */
function goOn(machine: ExploredMachine, steps: number, looks: (tid: number, addr: Addr) => void): number {
  const { host, kernel } = machine;
  const enabled = new Int32Array(host.actors.count);
  let last = -1;
  for (let made = 0; made < steps; made++) {
    const able = enabled
      .subarray(0, machine.enabled(enabled))
      .filter((actor) => host.actors.kind(actor) < ACTOR_PREEMPT);
    if (able.length === 0) return made;
    last = able.find((actor) => actor > last) ?? able[0]!;
    const tid = host.actors.kind(last) === ACTOR_CPU ? kernel.cpus.curr(host.actors.place(last)) : 0;
    if (tid !== 0 && host.code.request(tid) === WILL_ACCESS) looks(tid, host.code.slot(tid).addr);
    try {
      machine.step(last);
    } catch {
      // Whatever that is, it is another execution's to report.
      return made;
    }
  }
  return steps;
}
