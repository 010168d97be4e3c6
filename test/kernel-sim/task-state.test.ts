/** The table of a task's states: every pair of them, allowed or not. */
import { describe, expect, test } from "vitest";
import {
  TASK_DEAD,
  TASK_INTERRUPTIBLE,
  TASK_NEW,
  TASK_RUNNING,
  TASK_STOPPED,
  TASK_UNINTERRUPTIBLE,
  TASK_WAKING,
} from "../../src/kernel-sim/constants.ts";
import { mayChange, setTaskState } from "../../src/kernel-sim/task-state.ts";
import { boot, errorOf } from "../support/boot.ts";
import { taskOf } from "../support/inspect.ts";

const STATES = {
  running: TASK_RUNNING,
  interruptible: TASK_INTERRUPTIBLE,
  uninterruptible: TASK_UNINTERRUPTIBLE,
  stopped: TASK_STOPPED,
  dead: TASK_DEAD,
  waking: TASK_WAKING,
  new: TASK_NEW,
};
type Name = keyof typeof STATES;

const SLEEPING = ["interruptible", "uninterruptible", "stopped"] as const;

const NEXT: Readonly<Record<Name, readonly Name[]>> = {
  running: ["running", ...SLEEPING, "dead"],
  interruptible: ["running", ...SLEEPING, "waking"],
  uninterruptible: ["running", ...SLEEPING, "waking"],
  stopped: ["running", ...SLEEPING, "waking"],
  // A joiner returns the slot past this table.
  dead: [],
  waking: ["running"],
  new: ["waking"],
};

describe("task states", () => {
  const names = Object.keys(STATES) as Name[];
  const pairs = names.flatMap((from) => names.map((to) => ({ from, to, allowed: NEXT[from].includes(to) })));

  test.each(pairs)("$from to $to: $allowed", ({ from, to, allowed }) => {
    expect(mayChange(STATES[from], STATES[to])).toBe(allowed);
  });

  test("a step that is not in the table is a bug of the kernel and says so", () => {
    const { machine } = boot();
    const tid = machine.spawn(function* () {});
    expect(errorOf(() => setTaskState(machine.kernel, tid, TASK_WAKING)).message).toBe(
      "kernel bug: task 1: state 0 to 512",
    );
    expect(taskOf(machine, tid).state).toBe(TASK_RUNNING);
  });
});
