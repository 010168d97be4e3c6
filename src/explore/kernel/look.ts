/** What there is to be seen of an explored machine: its CPUs, its tasks, and the words of user memory. */
import type { See } from "../../interleaving/look.ts";
import {
  PF_UMCG_WORKER,
  TASK_DEAD,
  TASK_NEW,
  TASK_RUNNING,
  TASK_WAKING,
  waitReason,
} from "../../kernel-sim/constants.ts";
import type { ExploredMachine } from "../../machine/explored-machine.ts";
import { UMCG_IDLE_WORKERS_OFFSET, UMCG_TASK_SIZE } from "../../umcg/abi.ts";
import { type WordRules, wordText } from "../../umcg/invariants/state-words.ts";

/** Fields of struct umcg_task by word. */
const FIELDS: readonly string[] = [
  "state",
  "api_version",
  "server_tid",
  "next_tid",
  "idle_servers_ptr",
  "idle_servers_ptr+4",
  "idle_workers_ptr",
  "idle_workers_ptr+4",
];
/** Beyond these, values are shown as addresses. */
const ADDRESSES = 0x1000;

export class KernelLook {
  readonly #machine: ExploredMachine;
  readonly #rules: WordRules;
  readonly #words: Uint32Array;
  /**
   * Names of words that belong to records, by index in the buffer. They are kept from one execution to the next: the second time
   * a word has its name from the beginning.
   */
  readonly #names: Map<number, string> = new Map();

  /** Records of workers. */
  readonly #workers: Set<number> = new Set();

  constructor(machine: ExploredMachine, rules: WordRules) {
    this.#machine = machine;
    this.#rules = rules;
    this.#words = new Uint32Array(machine.kernel.buffer);
  }

  see(see: See): void {
    const { kernel } = this.#machine;
    for (let cpu = 0; cpu < kernel.config.vcpus; cpu++) {
      const tid = kernel.cpus.curr(cpu);
      see(`cpu ${cpu}`, "cpus", `cpu${cpu}`, tid === 0 ? "idle" : `runs ${kernel.names.of(tid)}`, true);
    }
    for (let tid = 1; tid <= kernel.lastTid; tid++) {
      this.#learn(tid);
      see(`task ${tid}`, "tasks", kernel.names.of(tid), this.#task(tid), true);
    }
    for (let i = kernel.userBase >>> 2; i < kernel.userEnd >>> 2; i++) {
      const name = this.#names.get(i);
      const value = this.#words[i]!;
      see(
        `word ${i}`,
        "words",
        name ?? `0x${(4 * i).toString(16)}`,
        this.#valueOf(name, value),
        name !== undefined,
      );
    }
  }

  #task(tid: number): string {
    const { tasks, cpus, config } = this.#machine.kernel;
    const state = tasks.state(tid);
    if (state === TASK_DEAD) return "exited";
    if (state === TASK_NEW) return "new";
    const role = this.#role(tasks.umcgTask(tid));
    for (let cpu = 0; cpu < config.vcpus; cpu++)
      if (cpus.curr(cpu) === tid)
        return `on cpu${cpu}${role}${state === TASK_RUNNING ? "" : ", falls asleep"}`;
    if (state === TASK_RUNNING || state === TASK_WAKING) return `runnable${role}`;
    return `asleep: ${waitReason(tasks.waitReason(tid))}${role}`;
  }

  /** The kernel takes a worker's flag away now and then; it registered with the address of a list. */
  #role(record: number): string {
    if (record === 0) return "";
    return this.#workers.has(record) ? " (worker)" : " (server)";
  }

  /** The words of its record have its name from registration on. */
  #learn(tid: number): void {
    const { kernel } = this.#machine;
    const record = kernel.tasks.umcgTask(tid);
    if (record === 0) return;
    const list = this.#words[(record + UMCG_IDLE_WORKERS_OFFSET) >>> 2]!;
    if ((kernel.tasks.flags(tid) & PF_UMCG_WORKER) !== 0 || list !== 0) this.#workers.add(record);
    for (let word = 0; word < UMCG_TASK_SIZE / 4; word++)
      this.#names.set((record >>> 2) + word, `${kernel.names.of(tid)}.${FIELDS[word] ?? `word${word}`}`);
  }

  #valueOf(name: string | undefined, value: number): string {
    if (name?.endsWith(".state") === true) return wordText(value, this.#rules);
    return value >= ADDRESSES ? `0x${value.toString(16)}` : String(value);
  }
}
