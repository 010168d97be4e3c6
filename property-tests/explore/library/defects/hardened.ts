/** Defects of UMCG's `hardened` profile. */
import { type Defect, defectsOf } from "./defect.ts";

const WAITS: readonly Defect[] = defectsOf("src/umcg/hardened-wait.ts", [
  [
    "umcg wait: its own LOCKED stays",
    "umcg F6: a signal comes to a worker that has parked",
    "    const unlocked = word >= 0 && !this.task.saysLocked(word);\n",
    "    const unlocked = word >= 0;\n",
  ],
  [
    "umcg wait: sleeps without a second look",
    "umcg F14: a worker is woken without a server, for the kernel to list it",
    "    if (!this.task.staysAsleep(tid, self, word)) return this.#awake(call, tid, self, word);\n",
    "    if (word < 0) return this.#awake(call, tid, self, word);\n",
  ],
  [
    "umcg wait: switches to a stranger",
    "umcg F15: a server switches to a task that is none of UMCG's",
    "    if (next !== 0 && !task.isUmcg(next)) return this.#leaves(call, tid, next < 0 ? next : -ESRCH);\n",
    "",
  ],
  [
    "umcg wait: woken without a server, it goes on",
    "umcg core: a worker is woken from its wait without a server",
    "    if (!this.task.isServer(server)) this.task.setLook(tid);\n",
    "",
  ],
]);

const EVENTS: readonly Defect[] = defectsOf("src/umcg/hardened-events.ts", [
  [
    "umcg block: the server is not woken",
    "umcg F2: a server that has withdrawn is unlinked from behind one that is idle",
    "      if (server > 0) yield* this.#lists.wake(server);\n",
    "",
  ],
  [
    "umcg block: a lost race ends the look",
    "umcg F32: a user bit is set in the word of a worker that blocks, two delays",
    "      if (status === -EAGAIN) continue;\n      if (status !== 0) return this.#breaches.kill(tid, die.DIE_BLOCK_STATE);",
    "      if (status === -EAGAIN) return;\n      if (status !== 0) return this.#breaches.kill(tid, die.DIE_BLOCK_STATE);",
  ],
  [
    "umcg block: nobody looks when it wakes up",
    "umcg F21: the page of a worker's record is moved to disk",
    "      this.#task.setLook(tid);\n      const server",
    "      const server",
  ],
  [
    "umcg wake: the worker is called LISTED and is not",
    "umcg F14: a worker is woken without a server, for the kernel to list it",
    "const failed = server === 0 || gone ? yield* this.#lists.wakeIdle(self) : 0;",
    "const failed = 0;",
  ],
  [
    "umcg preemption: the server is not told",
    "umcg F36: a worker is preempted, by a kick or by what there is instead",
    "      if (!(yield* this.list(tid, self, preempted ? server : 0))) return;",
    "      if (!(yield* this.list(tid, self, 0))) return;",
  ],
  [
    "umcg signal: a claimed worker is listed",
    "umcg F6: a signal comes to a worker that has parked",
    "    if (task.saysLocked(word)) {\n      // Claimed",
    "    if (word < 0) {\n      // Claimed",
  ],
  [
    "umcg signal: the worker comes back without having been run",
    "umcg F39: the time of a worker's wait is over",
    "    if (yield* this.list(tid, self, 0)) yield* this.untilRun(tid, self);\n",
    "",
  ],
  [
    "umcg signal: a store instead of the compare-exchange",
    "umcg F39: the time of a worker's wait is over, two delays",
    "const status = yield* access.cmpxchgUser32(stateOf(self), word, word | UMCG_TF_LISTED);",
    "const status = yield* access.putUser32(stateOf(self), word | UMCG_TF_LISTED);",
  ],
  [
    "umcg exit: the server of a worker that runs is not woken",
    "umcg F43: a worker exits while its server sleeps",
    "const woken = running && server > 0 ? yield* this.#lists.wake(server) : SERVER_GONE;",
    "const woken = SERVER_GONE;",
  ],
  [
    "umcg exit: a server made RUNNING is not woken",
    "umcg F50: a worker is killed while it hands its server's CPU back",
    "    if (dies && server > 0) yield* this.#lists.wakeRunning(server);\n",
    "",
  ],
  [
    "umcg exit: the word stays",
    "umcg F43: a worker exits while its server sleeps",
    "    const word = yield* this.#writeNone(tid, self, worker);",
    "    const word = yield* this.#kernel.access.getUser32(stateOf(self));",
  ],
  [
    "umcg preemption: nobody looks at the flag",
    "umcg core: a worker is preempted by a flag and a kick",
    "|| (word & UMCG_TF_PREEMPTED) !== 0 ? listed : word;",
    "? listed : word;",
  ],
  [
    "umcg resume: a store instead of the compare-exchange",
    "umcg core: a bit of the user's in the word of a worker that comes back",
    "const status = yield* access.cmpxchgUser32(stateOf(self), word, to);",
    "const status = yield* access.putUser32(stateOf(self), to);",
  ],
  [
    "umcg resume: LISTED is not set",
    "umcg core: a claim of a worker that did not wait of its own accord",
    "const listed = ((word & ~UMCG_TF_STATE_MASK) | UMCG_TASK_IDLE | UMCG_TF_LISTED) >>> 0;",
    "const listed = ((word & ~UMCG_TF_STATE_MASK) | UMCG_TASK_IDLE) >>> 0;",
  ],
  [
    "umcg exit: a parked worker that is killed is not listed",
    "umcg core: a worker that has parked is killed while a server is idle",
    "    if (!dies || listed) return;\n",
    "    if (worker) return;\n",
  ],
  [
    "umcg exit: a server stays on the list",
    "umcg core: a server goes with its node on the list",
    "    if (!worker) return yield* this.#lists.withdraw(self);\n",
    "    if (!worker) return;\n",
  ],
  [
    "umcg exit: the page stays pinned",
    "umcg F4: there is no list of idle servers",
    "    pages.unpin(self);\n",
    "",
  ],
]);

const LISTS: readonly Defect[] = defectsOf("src/umcg/hardened-lists.ts", [
  [
    "umcg servers: RUNNING by a store",
    "umcg core: a bit of the user's in the word of a server that is made RUNNING",
    "const status = idle ? yield* access.cmpxchgUser32Nosleep(stateOf(record), word, running) : -EFAULT;",
    "const status = idle ? yield* access.putUser32Nosleep(stateOf(record), running) : -EFAULT;",
  ],
  [
    "umcg servers: a busy one is enough",
    "umcg F28: a server that has published itself finds something else to do",
    "        if ((yield* this.wake(server)) === SERVER_WOKEN) return WALK_DONE;",
    "        if ((yield* this.wake(server)) !== SERVER_GONE) return WALK_DONE;",
  ],
  [
    "umcg servers: woken, and not told",
    "umcg F9: a worker runs with its node not pointed at the list again",
    "      if (tasks.umcgTask(tid) === record) task.wake(tid);",
    "      if (tasks.umcgTask(tid) !== record) task.wake(tid);",
  ],
  [
    "umcg servers: a list that is not there is walked",
    "umcg F4: there is no list of idle servers",
    "    if (pointer === 0n) return 0;\n",
    "",
  ],
  [
    "umcg servers: a marked node is taken again",
    "umcg F14: a worker is woken without a server, for the kernel to list it",
    "      else if ((value & LLIST_DELETED) === 0n) {",
    "      else {",
  ],
  [
    "umcg servers: a store instead of the compare-exchange",
    "umcg F2: a server that has withdrawn is unlinked from behind one that is idle, two delays",
    "        const status = yield* access.cmpxchgUser64(node, value, value | LLIST_DELETED);",
    "        const status = yield* access.putUser64(node, value | LLIST_DELETED);",
  ],
]);

const REGISTRATION: readonly Defect[] = defectsOf("src/umcg/hardened-register.ts", [
  [
    "umcg register: the page is not pinned",
    "umcg F9: a worker runs with its node not pointed at the list again",
    "  pages.pin(self);\n",
    "",
  ],
]);

export const HARDENED_DEFECTS: readonly Defect[] = [...WAITS, ...EVENTS, ...LISTS, ...REGISTRATION];
