/**
 * Each invariant, broken on purpose: by a program that breaks the contract, by a kernel that writes what it must not (the
 * test writes through the kernel's accessors in its stead), or by the answer of a call that did not happen that way.
 */
import { describe, expect, it } from "vitest";
import {
  type Addr,
  ESRCH,
  ETIMEDOUT,
  INVARIANTS,
  InvariantError,
  idleServersOf,
  idleWorkersOf,
  nextTidOf,
  serverTidOf,
  stateOf,
  TRACE_UMCG_DIE,
  UMCG_TASK_BLOCKED,
  UMCG_TASK_IDLE,
  UMCG_TASK_NONE,
  UMCG_TASK_RUNNING,
  UMCG_TF_LOCKED,
  UMCG_WAIT_WAKE_ONLY,
} from "../../../src/index.ts";
import { Fixture, type Party } from "../fixture.ts";

/** A checked machine with a server asleep, its worker in user mode, and hands on the kernel's side of memory. */
class Scene extends Fixture {
  readonly server1: Party;
  readonly worker1: Party;

  constructor() {
    super({ umcg: "posted", check: true, vcpus: 2 });
    this.server1 = this.server();
    this.worker1 = this.worker();
    this.run(this.server1, this.worker1);
  }

  get kernel() {
    return this.s.machine.kernel;
  }
  get checker() {
    return this.s.machine.checker!;
  }
  /** The kernel, in a call of `by`, makes a word something else. */
  kernelWrites(by: Party, a: Addr, to: number): void {
    this.kernel.current = by.tid;
    this.kernel.access.cmpxchgUser32(a, this.s.load32(a), to);
  }
  kernelWrites64(by: Party, a: Addr, to: bigint): void {
    this.kernel.current = by.tid;
    this.kernel.access.cmpxchgUser64(a, this.s.load64(a), to);
  }
  says(party: Party, word: number): void {
    this.s.store32(stateOf(party.record), word);
  }
  /** The worker parks of its own accord; its server is in user mode. */
  parks(): void {
    this.leavesServer();
    this.says(this.server1, UMCG_TASK_RUNNING);
    this.says(this.worker1, UMCG_TASK_IDLE | UMCG_TF_LOCKED);
    this.wait(this.worker1.tid);
  }
  leavesServer(): void {
    this.says(this.worker1, UMCG_TASK_RUNNING | UMCG_TF_LOCKED);
  }
}

/** The invariant that `act` breaks, and by whom. */
function broken(act: (scene: Scene) => void): string {
  const scene = new Scene();
  try {
    act(scene);
  } catch (error) {
    if (!(error instanceof InvariantError)) throw error;
    expect(error.code).toBe("ERR_INVARIANT");
    expect(error.message).toContain(INVARIANTS[error.invariant]);
    expect(error.message).toContain("last events:");
    expect(() => scene.checker.findings.throwFirst()).toThrow(error);
    return `I${error.invariant} ${error.by}`;
  }
  return "none";
}

describe("state words", () => {
  it.each<[string, string, (f: Scene) => void]>([
    ["I1 user", "a state that is none", (f) => f.says(f.worker1, 9)],
    ["I1 user", "a BLOCKED server", (f) => f.says(f.server1, UMCG_TASK_BLOCKED)],
    ["I1 user", "a LOCKED server", (f) => f.says(f.server1, UMCG_TASK_IDLE | UMCG_TF_LOCKED)],
    ["I1 user", "a reserved bit", (f) => f.says(f.worker1, UMCG_TASK_RUNNING | 0x10000)],
    ["none", "user bits", (f) => f.says(f.worker1, UMCG_TASK_RUNNING | 0x7f000000)],
    [
      "I1 kernel",
      "a reserved bit set by the kernel",
      (f) => f.kernelWrites(f.worker1, stateOf(f.worker1.record), 0x10003),
    ],
    [
      "I2 kernel",
      "IDLE to BLOCKED",
      (f) => {
        f.parks();
        f.kernelWrites(f.worker1, stateOf(f.worker1.record), UMCG_TASK_BLOCKED);
      },
    ],
    [
      "I2 kernel",
      "NONE, which v0.3 never writes",
      (f) => f.kernelWrites(f.worker1, stateOf(f.worker1.record), UMCG_TASK_NONE),
    ],
    [
      "I2 user",
      "BLOCKED to RUNNING",
      (f) => {
        f.s.step(f.worker1.tid, { do: "block" });
        f.says(f.worker1, UMCG_TASK_RUNNING);
      },
    ],
    ["I7 user", "RUNNING to BLOCKED", (f) => f.says(f.worker1, UMCG_TASK_BLOCKED)],
    [
      "I7 kernel",
      "a worker made RUNNING",
      (f) => {
        f.parks();
        f.kernelWrites(f.server1, stateOf(f.worker1.record), UMCG_TASK_RUNNING);
      },
    ],
    [
      "I7 kernel",
      "a worker with a server made IDLE",
      (f) => f.kernelWrites(f.worker1, stateOf(f.worker1.record), UMCG_TASK_IDLE),
    ],
    [
      "I8 kernel",
      "user bits changed",
      (f) => f.kernelWrites(f.worker1, stateOf(f.worker1.record), 0x01000003),
    ],
    [
      "I26 kernel",
      "a LOCKED worker made BLOCKED",
      (f) => {
        f.leavesServer();
        f.kernelWrites(f.worker1, stateOf(f.worker1.record), UMCG_TASK_BLOCKED | UMCG_TF_LOCKED);
      },
    ],
    [
      "I36 kernel",
      "the word of a task that is gone",
      (f) => {
        f.leavesServer();
        f.s.step(f.worker1.tid, { do: "exit" });
        f.kernelWrites(f.server1, stateOf(f.worker1.record), UMCG_TASK_IDLE);
      },
    ],
  ])("%s: %s", (expected, _what, act) => expect(broken(act)).toBe(expected));
});

describe("workers and servers", () => {
  it.each<[string, string, (f: Scene) => void]>([
    [
      "I3 user",
      "run by nobody that is known",
      (f) => {
        f.parks();
        f.s.store32(serverTidOf(f.worker1.record), 99);
        f.says(f.worker1, UMCG_TASK_RUNNING);
      },
    ],
    [
      "I3 kernel",
      "F14: in user mode without a server",
      (f) => {
        const w = f.worker();
        f.takeFromList(w);
        f.says(w, UMCG_TASK_RUNNING);
        f.s.unblock(w.tid);
        f.s.run();
        f.wait(w.tid);
      },
    ],
    [
      "I4 user",
      "run by a server that is not IDLE",
      (f) => {
        f.parks();
        f.says(f.worker1, UMCG_TASK_RUNNING);
      },
    ],
    ["I4 user", "its server made RUNNING", (f) => f.says(f.server1, UMCG_TASK_RUNNING)],
    [
      "I5 user",
      "two on one server",
      (f) => {
        const other = f.worker();
        f.takeFromList(other);
        f.s.store32(serverTidOf(other.record), f.server1.tid);
        f.says(other, UMCG_TASK_RUNNING);
      },
    ],
    [
      "I4 user",
      "its server made RUNNING, when another has tried to register that record",
      (f) => {
        f.register(f.plain(), f.server1.record, 0x40);
        f.says(f.server1, UMCG_TASK_RUNNING);
      },
    ],
    [
      "I36 user",
      "a record that another task has",
      (f) => {
        const s = f.server();
        f.s.store32(serverTidOf(s.record), 0);
        f.register(f.plain(), s.record, 0);
      },
    ],
    [
      "I25 user",
      "registered with another worker's node for a list head",
      (f) => void f.worker({ workers: idleWorkersOf(f.worker1.record) }),
    ],
    [
      "I5 user",
      "F55: a worker that runs given to a server that has another",
      (f) => {
        const [other, v] = [f.server(), f.worker()];
        f.run(other, v);
        f.s.store32(serverTidOf(f.worker1.record), other.tid);
      },
    ],
    ["I3 user", "a worker that runs given to nobody", (f) => f.s.store32(serverTidOf(f.worker1.record), 99)],
    ["I3 user", "a worker that runs without a server", (f) => f.s.store32(serverTidOf(f.worker1.record), 0)],
    [
      "I25 user",
      "F9: its node was not re-pointed",
      (f) => {
        const one = f.worker();
        const two = f.worker();
        f.s.store64(f.idleWorkers, 0n);
        const idle = f.server();
        f.says(idle, UMCG_TASK_IDLE);
        f.s.store32(serverTidOf(two.record), idle.tid);
        expect(f.s.load64(idleWorkersOf(two.record))).toBe(BigInt(idleWorkersOf(one.record)));
        f.says(two, UMCG_TASK_RUNNING);
      },
    ],
    [
      "I27 kernel",
      "user code of a worker that is BLOCKED",
      (f) => {
        f.kernelWrites(f.worker1, stateOf(f.worker1.record), UMCG_TASK_BLOCKED);
        f.checker.acts(f.worker1.tid);
      },
    ],
    [
      "I26 kernel",
      "asleep and not BLOCKED",
      (f) => {
        f.kernel.tasks.setState(f.worker1.tid, 2);
        f.checker.descheduled(f.worker1.tid, "block");
      },
    ],
    [
      "I26 kernel",
      "asleep, and its server, too",
      (f) => {
        f.kernelWrites(f.worker1, stateOf(f.worker1.record), UMCG_TASK_BLOCKED);
        f.kernel.tasks.setState(f.worker1.tid, 2);
        f.checker.descheduled(f.worker1.tid, "block");
      },
    ],
  ])("%s: %s", (expected, _what, act) => expect(broken(act)).toBe(expected));
});

describe("lists", () => {
  const wakes = (f: Scene): void => {
    f.s.step(f.worker1.tid, { do: "block" });
    f.s.unblock(f.worker1.tid);
    f.s.run();
  };
  it.each<[string, string, (f: Scene) => void]>([
    [
      "I17 user",
      "F7: run while listed",
      (f) => {
        wakes(f);
        f.says(f.worker1, UMCG_TASK_RUNNING);
      },
    ],
    [
      "I17 user",
      "pushed by user space while RUNNING",
      (f) => {
        f.leavesServer();
        f.s.store64(f.idleWorkers, BigInt(idleWorkersOf(f.worker1.record)));
      },
    ],
    [
      "I18 user",
      "the node of a listed worker written",
      (f) => {
        wakes(f);
        f.s.store64(idleWorkersOf(f.worker1.record), BigInt(f.idleWorkers));
      },
    ],
    [
      "I18 user",
      "a head with a worker behind it made nobody's node",
      (f) => {
        wakes(f);
        f.s.store64(f.idleWorkers, BigInt(f.idleWorkers));
      },
    ],
    [
      "I18 user",
      "a list that is not empty at its first worker's registration",
      (f) => {
        const list = f.s.allocate(8);
        f.s.store64(list, 8n);
        f.worker({ workers: list });
      },
    ],
    ["I18 user", "a head that is nobody's node", (f) => f.s.store64(f.idleWorkers, BigInt(f.idleServers))],
    [
      "I18 kernel",
      "a list emptied by the kernel",
      (f) => {
        wakes(f);
        f.kernelWrites64(f.worker1, f.idleWorkers, 0n);
      },
    ],
    [
      "I18 kernel",
      "a list that does not end",
      (f) => {
        wakes(f);
        // Past every watch: as if a word had been overwritten by a stray store.
        new BigUint64Array(f.kernel.buffer)[idleWorkersOf(f.worker1.record) / 8] = BigInt(
          idleWorkersOf(f.worker1.record),
        );
        f.checker.atRest();
      },
    ],
    [
      "I20 kernel",
      "a worker lost from the list",
      (f) => {
        wakes(f);
        new BigUint64Array(f.kernel.buffer)[f.idleWorkers / 8] = 0n;
        f.checker.atRest();
      },
    ],
    [
      "I19 kernel",
      "listed without an event",
      (f) => {
        f.parks();
        f.kernelWrites64(f.worker1, f.idleWorkers, BigInt(idleWorkersOf(f.worker1.record)));
      },
    ],
    [
      "I19 kernel",
      "an event and not listed",
      (f) => {
        f.s.step(f.worker1.tid, { do: "block" });
        f.kernelWrites(f.worker1, stateOf(f.worker1.record), UMCG_TASK_IDLE);
        f.checker.descheduled(f.worker1.tid, "wait");
      },
    ],
    [
      "I21 kernel",
      "F9: another worker's node taken for a head",
      (f) => {
        f.kernelWrites64(f.server1, idleWorkersOf(f.worker1.record), 64n);
      },
    ],
    [
      "I22 kernel",
      "a server's node marked twice",
      (f) => {
        f.kernelWrites64(f.worker1, idleServersOf(f.server1.record), 1n);
        f.kernelWrites64(f.worker1, idleServersOf(f.server1.record), 1n);
      },
    ],
    [
      "I23 kernel",
      "five lost tries on two CPUs",
      (f) => {
        f.kernel.current = f.worker1.tid;
        for (let i = 0; i < 5; i++) f.kernel.access.cmpxchgUser64(f.idleWorkers, 8n, 8n);
      },
    ],
    [
      "I28 kernel",
      "a listed worker, and idle servers asleep",
      (f) => {
        const idle = f.server();
        wakes(f);
        // Neither looks at the list behind its publication.
        f.idle(idle);
        f.idle(f.server1);
      },
    ],
  ])("%s: %s", (expected, _what, act) => expect(broken(act)).toBe(expected));
});

describe("waits", () => {
  /** The call of `party` ends with `result`, after `during`. */
  const answers = (
    f: Scene,
    party: Party,
    result: number,
    deadlineNs = 0,
    flags = 0,
    during = () => {},
  ): void => {
    const { roster, waits } = f.checker;
    const call = waits.begin(roster.of(party.tid)!, flags, deadlineNs);
    during();
    waits.end(call, result);
  };
  const past = 1;
  const relock = (f: Scene) => (): void => {
    f.leavesServer();
    f.kernelWrites(f.worker1, stateOf(f.worker1.record), UMCG_TASK_RUNNING);
  };
  it.each<[string, string, (f: Scene) => void]>([
    ["I10 kernel", "0 while IDLE", (f) => answers(f, f.server1, 0)],
    ["I11 user", "0 to a caller that was never IDLE", (f) => answers(f, f.server(), 0)],
    [
      "I13 kernel",
      "a wake-up that changed its caller",
      (f) => answers(f, f.worker1, 0, 0, UMCG_WAIT_WAKE_ONLY, relock(f)),
    ],
    ["I37 kernel", "a failure that changed its caller", (f) => answers(f, f.worker1, -22, 0, 0, relock(f))],
    [
      "I14 kernel",
      "a switch to nobody that changed its caller",
      (f) => answers(f, f.worker1, -ESRCH, 0, 0, relock(f)),
    ],
    [
      "I15 kernel",
      "timed out and woken",
      (f) => {
        const s = f.server();
        f.says(s, UMCG_TASK_IDLE);
        f.says(s, UMCG_TASK_RUNNING);
        answers(f, s, -ETIMEDOUT, past);
      },
    ],
    ["I16 kernel", "too early", (f) => answers(f, f.server1, -ETIMEDOUT, 1e12)],
    [
      "I35 kernel",
      "a worker that timed out and was not listed",
      (f) => answers(f, f.worker1, -ETIMEDOUT, past),
    ],
    [
      "I9 kernel",
      "RUNNING and asleep for ever",
      (f) => {
        f.parks();
        f.says(f.server1, UMCG_TASK_IDLE);
        f.says(f.worker1, UMCG_TASK_RUNNING);
        f.s.run();
      },
    ],
    ["I40 kernel", "killed for nothing", (f) => f.checker.event(0, TRACE_UMCG_DIE, 0, f.worker1.tid, 1)],
    [
      "I36 kernel",
      "registered with a wrong word",
      (f) => {
        const party = f.checker.roster.of(f.server1.tid)!;
        f.checker.registered(party, 0, UMCG_TASK_IDLE);
      },
    ],
  ])("%s: %s", (expected, _what, act) => expect(broken(act)).toBe(expected));

  it("I6: more run than there are servers", () => {
    const f = new Scene();
    const { roster } = f.checker;
    // Nobody saw it: the word became RUNNING past every watch.
    new Uint32Array(f.kernel.buffer)[stateOf(f.server1.record) / 4] = UMCG_TASK_RUNNING;
    expect(roster.size).toBe(2);
    expect(() => f.checker.sweep()).toThrow(/^I6, broken by the kernel/);
  });
});

describe("a checker in the mode kernel", () => {
  it("does not object to a breach, and not to what follows from it", () => {
    const f = new Fixture({ umcg: "posted", check: "kernel" });
    const s = f.server();
    f.s.store32(stateOf(s.record), 9);
    expect(f.s.machine.checker!.findings.breached).toBe(true);
    f.s.machine.kernel.access.cmpxchgUser32(stateOf(s.record), 9, 3);
    expect(f.s.machine.checker!.findings.first).toBeUndefined();
  });

  it("objects to what the kernel owes all the same", () => {
    const f = new Fixture({ umcg: "posted", check: "kernel" });
    const s = f.server();
    f.s.store32(stateOf(s.record), 9);
    const { access } = f.s.machine.kernel;
    expect(() => access.cmpxchgUser32(stateOf(s.record), 9, 0x01000009)).toThrow(/^I8, broken by the kernel/);
  });
});

describe("a checker that trusts some tasks", () => {
  const scene = (): { f: Fixture; trusted: Party; other: Party } => {
    const tids: number[] = [];
    const f = new Fixture({ umcg: "posted", check: (tid) => tids.includes(tid) });
    const [trusted, other] = [f.server(), f.server()];
    tids.push(trusted.tid);
    return { f, trusted, other };
  };

  it("does not object to a breach of the others, nor to what follows from it for them", () => {
    const { f, other } = scene();
    f.s.store32(stateOf(other.record), 9);
    f.s.machine.kernel.access.cmpxchgUser32(stateOf(other.record), 9, 3);
    expect(f.s.machine.checker!.findings.first).toBeUndefined();
  });

  it("holds the trusted to everything all the same, and the kernel in what it does to them", () => {
    const { f, trusted, other } = scene();
    f.s.store32(stateOf(other.record), 9);
    const word = stateOf(trusted.record);
    const { access } = f.s.machine.kernel;
    expect(() => access.cmpxchgUser32(word, 1, UMCG_TASK_IDLE)).toThrow(/^I2, broken by the kernel/);
    expect(() => f.s.store32(word, 9)).toThrow(/^I1, broken by user space/);
  });
});

it("names the words involved, the tasks, and what happened last", () => {
  const f = new Scene();
  const { record, tid } = f.worker1;
  f.s.store32(nextTidOf(record), 7);
  let message = "";
  try {
    f.says(f.server1, UMCG_TASK_RUNNING);
  } catch (error) {
    message = error instanceof Error ? error.message : "";
  }
  expect(message).toContain(
    `worker task-${tid} (tid ${tid}) at 0x${record.toString(16)}: state 0x1 (RUNNING)`,
  );
  expect(message).toContain(`server_tid 0x${f.server1.tid.toString(16)}, next_tid 0x7`);
  expect(message).toMatch(/\d us] cpu\d sched_switch|us\] cpu\d sched_switch/);
});

it("refuses a mode that is none", () => {
  expect(() => new Fixture({ check: "all" as never })).toThrow(
    /check must be true, false, "kernel" or a function, got all/,
  );
});
