/**
 * The state machine of v0.3, T1 to T11: at once the documentation, the check and the model for the property tests.
 *
 * The table is a promise about both sides; user space can write anything into a state word. What the posted kernel does
 * with words outside the table is in posted.ts.
 */
import {
  UMCG_TASK_BLOCKED,
  UMCG_TASK_IDLE,
  UMCG_TASK_NONE,
  UMCG_TASK_RUNNING,
  UMCG_TF_STATE_MASK,
} from "./abi.ts";

/** An edge of the state machine, and who takes it when. */
export interface Transition {
  readonly id: string;
  readonly of: "server" | "worker" | "both";
  readonly from: number;
  readonly to: number;
  /** Who writes the word. */
  readonly by: "user" | "kernel";
  readonly where: string;
}

/** The edges T1 to T11 of v0.3. */
export const TRANSITIONS: readonly Transition[] = [
  {
    id: "T1",
    of: "server",
    from: UMCG_TASK_NONE,
    to: UMCG_TASK_RUNNING,
    by: "user",
    where: "before REGISTER",
  },
  { id: "T2", of: "worker", from: UMCG_TASK_NONE, to: UMCG_TASK_IDLE, by: "user", where: "before REGISTER" },
  {
    id: "T3",
    of: "both",
    from: UMCG_TASK_RUNNING,
    to: UMCG_TASK_IDLE,
    by: "user",
    where: "before sys_umcg_wait",
  },
  { id: "T4", of: "both", from: UMCG_TASK_IDLE, to: UMCG_TASK_RUNNING, by: "user", where: "before a wake" },
  { id: "T5", of: "both", from: UMCG_TASK_IDLE, to: UMCG_TASK_RUNNING, by: "user", where: "before a signal" },
  {
    id: "T6",
    of: "worker",
    from: UMCG_TASK_RUNNING,
    to: UMCG_TASK_BLOCKED,
    by: "kernel",
    where: "block detection",
  },
  {
    id: "T7",
    of: "server",
    from: UMCG_TASK_IDLE,
    to: UMCG_TASK_RUNNING,
    by: "kernel",
    where: "block detection",
  },
  {
    id: "T8",
    of: "worker",
    from: UMCG_TASK_BLOCKED,
    to: UMCG_TASK_IDLE,
    by: "kernel",
    where: "wake detection",
  },
  {
    id: "T9",
    of: "server",
    from: UMCG_TASK_IDLE,
    to: UMCG_TASK_RUNNING,
    by: "kernel",
    where: "wake detection",
  },
  {
    id: "T10",
    of: "worker",
    from: UMCG_TASK_RUNNING,
    to: UMCG_TASK_IDLE,
    by: "kernel",
    where: "woken, no server",
  },
];
// T11, any state -> unregistered, writes no word: the kernel forgets the address.

/** The kernel's transitions of a worker or server from one word to another: their ids, empty when there is none. */
export function kernelTransitions(of: "server" | "worker", oldWord: number, newWord: number): string[] {
  const from = oldWord & UMCG_TF_STATE_MASK;
  const to = newWord & UMCG_TF_STATE_MASK;
  return TRANSITIONS.filter(
    (t) => t.by === "kernel" && (t.of === of || t.of === "both") && t.from === from && t.to === to,
  ).map((t) => t.id);
}
