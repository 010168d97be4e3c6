/**
 * The lists of src/llist on the simulated kernel: user side and kernel side, each task on a CPU of its own. In bare mode the same
 * operations are held to a sequential list (lists.ts); here what comes out is what was put in, once each, or still there.
 */
import { type Addr, addr, NULL } from "../../../src/atomics/address.ts";
import type { Coroutine } from "../../../src/atomics/step.ts";
import { type Explorable, kernelProgram } from "../../../src/explore/index.ts";
import { llistPopMarked, llistPush, next, push, snapshot, takeAll } from "../../../src/llist/llist.ts";
import type { ExploredMachine } from "../../../src/machine/explored-machine.ts";
import type { Env } from "../../../src/umcg/env.ts";
import { must, type Subject } from "./subject.ts";

/** As in lists.ts, without numbers. A pop and a take never are of one list (the table in llist.ts). */
type What = "push" | "kernel-push" | "pop" | "take";

/** By name: what each task does. */
export const KERNEL_LISTS: Readonly<Record<string, readonly (readonly What[])[]>> = {
  "two pushes, a take": [["push"], ["push"], ["take"]],
  "the kernel pushes against a push and a take": [["kernel-push"], ["push", "take"]],
  "the kernel pops against two pushes": [["pop"], ["push", "push"]],
  "two pops of the kernel against a push": [["pop"], ["pop"], ["push"]],
  "two pushes of the kernel against a push and a take": [["kernel-push"], ["kernel-push"], ["push", "take"]],
};

function* does(machine: ExploredMachine, env: Env, what: What, head: Addr, node: Addr): Coroutine<Addr[]> {
  const { access } = machine.kernel;
  if (what === "push") yield* push(env.memory, head, node);
  else if (what === "kernel-push") must((yield* llistPush(access, head, node, 4)) === 0, "it gave up");
  else if (what === "pop") {
    const popped = yield* llistPopMarked(access, head, 8);
    must(popped >= 0, `a pop answers ${popped}`);
    return popped === 0 ? [] : [addr(popped)];
  } else {
    const taken: Addr[] = [];
    let at = yield* takeAll(env.memory, head);
    while (at !== NULL) {
      // Marked: a pop has it.
      if (((yield* env.memory.load64(at)) & 1n) === 0n) taken.push(at);
      at = yield* next(env.memory, at);
    }
    return taken;
  }
  return [];
}

export function kernelListProgram(name: string): Explorable {
  const tasks = KERNEL_LISTS[name]!;
  return kernelProgram(
    (machine) => {
      const head = machine.allocate(8);
      const pushed: Addr[] = [];
      const out: Addr[] = [];
      for (const [cpu, all] of tasks.entries()) {
        const nodes = all.map(() => machine.allocate(8));
        for (const [i, what] of all.entries()) if (what.endsWith("push")) pushed.push(nodes[i]!);
        machine.spawn(
          function* (env) {
            for (const [i, what] of all.entries())
              out.push(...(yield* does(machine, env, what, head, nodes[i]!)));
          },
          { affinity: [cpu] },
        );
      }
      machine.atEnd(() => {
        const longs = new BigUint64Array(machine.kernel.buffer);
        const left = snapshot(longs, head).flatMap(({ node, deleted }) => (deleted ? [] : [addr(node)]));
        const found = [...out, ...left].sort().join();
        must(found === [...pushed].sort().join(), `pushed ${pushed}, came out ${out}, left ${left}`);
      });
    },
    { vcpus: tasks.length },
  );
}

export const LISTS_ON_KERNEL: readonly Subject[] = Object.keys(KERNEL_LISTS).map((name) => ({
  name: `llist on the kernel: ${name}`,
  explorable: kernelListProgram(name),
  options: {},
}));
