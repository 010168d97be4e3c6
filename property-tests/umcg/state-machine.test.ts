/**
 * Random programs that keep the contract of v0.3, one operation at a time, against the table T1 to T11 and a model.
 *
 * The driver plays user space: servers run, collect and go idle; workers block, park and exit. After each operation the
 * machine is quiescent, so the invariants that speak of stable states can be read off.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  idleServersOf,
  idleWorkersOf,
  kernelTransitions,
  NULL,
  nextTidOf,
  serverTidOf,
  stateOf,
  TRACE_UMCG_STATE,
  UMCG_CTL_UNREGISTER,
  UMCG_TASK_BLOCKED,
  UMCG_TASK_IDLE,
  UMCG_TASK_RUNNING,
  UMCG_TF_STATE_MASK,
} from "../../src/index.ts";
import { Fixture, type Party } from "../../test/umcg/fixture.ts";

interface Move {
  readonly owner: number;
  readonly from: number;
  readonly to: number;
}

/** User space over a stepped machine, with the model beside it. */
class World {
  readonly f: Fixture = new Fixture({ vcpus: 2 });
  readonly servers: Party[] = [];
  readonly workers: Party[] = [];
  /** Workers that user space has taken from the list or knows parked: it may run these, and only these (F7). */
  readonly ready: Party[] = [];
  readonly runningOn: Map<Party, Party> = new Map();
  readonly idle: Set<Party> = new Set();
  readonly moves: Move[] = [];
  /** Pushes the model expects to be in the idle worker list, oldest first. */
  listed: Party[] = [];

  constructor(servers: number, workers: number) {
    this.f.s.machine.trace.addSink({
      event: (_t, kind, _c, tid, from, to) => {
        if (kind === TRACE_UMCG_STATE) this.moves.push({ owner: tid, from, to });
      },
    });
    for (let i = 0; i < servers; i++) this.servers.push(this.f.server());
    for (let i = 0; i < workers; i++) {
      this.workers.push(this.f.worker());
      this.listed.push(this.workers[i]!);
    }
    this.f.s.takeWakes();
    // T2: the kernel's own write at registration is IDLE over IDLE, no move.
    expect(this.moves.splice(0).every((move) => move.from === move.to)).toBe(true);
  }

  /** A server in user mode and not published as idle. */
  freeServers(): Party[] {
    return this.servers.filter((s) => this.f.mode(s) === "user");
  }

  collect(): void {
    const { s } = this.f;
    for (let node = s.load64(this.f.idleWorkers); node !== 0n; ) {
      const record = Number(node) - 24;
      const next = s.load64(Number(node) as never);
      const w = this.workers.find((x) => x.record === record)!;
      s.store64(idleWorkersOf(w.record), BigInt(this.f.idleWorkers));
      this.ready.push(w);
      node = next;
    }
    s.store64(this.f.idleWorkers, 0n);
    this.listed = [];
  }

  run(server: Party, worker: Party): void {
    const { s } = this.f;
    this.ready.splice(this.ready.indexOf(worker), 1);
    s.store32(stateOf(server.record), UMCG_TASK_IDLE);
    s.store32(serverTidOf(worker.record), server.tid);
    s.store32(stateOf(worker.record), UMCG_TASK_RUNNING);
    s.store32(nextTidOf(server.record), worker.tid);
    this.f.wait(server.tid);
    s.store32(nextTidOf(server.record), 0);
    this.runningOn.set(worker, server);
  }

  /** The worker switches back to its server and stays parked, in the hands of user space. */
  park(worker: Party): void {
    const { s } = this.f;
    s.store32(stateOf(this.runningOn.get(worker)!.record), UMCG_TASK_RUNNING);
    s.store32(stateOf(worker.record), UMCG_TASK_IDLE);
    this.f.wait(worker.tid);
    this.runningOn.delete(worker);
    this.ready.push(worker);
  }

  /** One worker switches to another through next_tid and hands its server over. */
  swap(from: Party, to: Party): void {
    const { s } = this.f;
    const server = this.runningOn.get(from)!;
    this.ready.splice(this.ready.indexOf(to), 1);
    s.store32(serverTidOf(to.record), server.tid);
    s.store32(stateOf(from.record), UMCG_TASK_IDLE);
    s.store32(stateOf(to.record), UMCG_TASK_RUNNING);
    s.store32(nextTidOf(from.record), to.tid);
    this.f.wait(from.tid);
    s.store32(nextTidOf(from.record), 0);
    this.runningOn.delete(from);
    this.runningOn.set(to, server);
    this.ready.push(from);
  }

  goIdle(server: Party): void {
    const { s } = this.f;
    // User space's duty: unlink what the kernel has marked before the node goes in again.
    for (let at: number = this.f.idleServers; s.load64(at as never) !== 0n; ) {
      const node = Number(s.load64(at as never));
      const value = s.load64(node as never);
      if ((value & 1n) === 1n) s.store64(at as never, value & ~1n);
      else at = node;
    }
    s.store32(stateOf(server.record), UMCG_TASK_IDLE);
    s.store64(idleServersOf(server.record), s.load64(this.f.idleServers));
    s.store64(this.f.idleServers, BigInt(idleServersOf(server.record)));
    this.idle.add(server);
    this.f.wait(server.tid);
  }

  block(worker: Party): void {
    this.f.s.step(worker.tid, { do: "block" });
    this.runningOn.delete(worker);
  }

  unblock(worker: Party): void {
    this.f.s.unblock(worker.tid);
    this.f.s.run();
    this.listed.push(worker);
    const woken = [...this.idle].filter((s) => this.f.mode(s) === "user");
    // I30: one wake-up takes exactly one idle server, if there is one.
    expect(woken).toHaveLength(this.idle.size > 0 ? 1 : 0);
    for (const s of woken) this.idle.delete(s);
  }

  exit(worker: Party): void {
    const server = this.runningOn.get(worker)!;
    this.f.s.step(worker.tid, { do: "umcg_ctl", flags: UMCG_CTL_UNREGISTER, self: NULL });
    this.f.s.step(worker.tid, { do: "exit" });
    this.runningOn.delete(worker);
    this.workers.splice(this.workers.indexOf(worker), 1);
    // F43: nobody wakes the server; user space does.
    this.f.s.store32(stateOf(server.record), UMCG_TASK_RUNNING);
    this.f.s.unblock(server.tid);
    this.f.s.run();
  }

  check(): void {
    const { f } = this;
    for (const s of this.servers) expect([UMCG_TASK_RUNNING, UMCG_TASK_IDLE]).toContain(f.state(s)); // I1
    for (const w of this.workers) expect([1, 2, 3]).toContain(f.state(w)); // I1
    for (const w of this.workers) {
      const server = this.runningOn.get(w);
      expect(f.mode(w)).toBe(server === undefined ? "asleep" : "user"); // I27
      if (server === undefined) continue;
      expect(f.state(w)).toBe(UMCG_TASK_RUNNING); // I3
      expect([f.state(server), f.mode(server)]).toEqual([UMCG_TASK_IDLE, "asleep"]); // I4
    }
    expect(new Set(this.runningOn.values()).size).toBe(this.runningOn.size); // I5
    expect(f.listed().reverse()).toEqual(this.listed.map((w) => w.record)); // I17 to I20
    for (const w of this.listed) expect(f.state(w)).toBe(UMCG_TASK_IDLE); // I17
    for (const move of this.moves.splice(0)) {
      const kind = this.servers.some((s) => s.tid === move.owner) ? "server" : "worker";
      expect(kernelTransitions(kind, move.from, move.to), `${kind} ${move.from} -> ${move.to}`).not.toEqual(
        [],
      ); // I2, I7
    }
  }
}

const operation = fc.record({
  what: fc.constantFrom("collect", "run", "park", "swap", "idle", "block", "unblock", "reschedule", "exit"),
  a: fc.nat(20),
  b: fc.nat(20),
});

function pick<T>(list: readonly T[], index: number): T | undefined {
  return list[index % Math.max(1, list.length)];
}

function apply(world: World, op: { what: string; a: number; b: number }): void {
  const server = pick(world.freeServers(), op.a);
  const ready = pick(world.ready, op.b);
  const running = pick([...world.runningOn.keys()], op.a);
  const blocked = pick(
    world.workers.filter((w) => (world.f.state(w) & UMCG_TF_STATE_MASK) === UMCG_TASK_BLOCKED),
    op.a,
  );
  if (op.what === "collect") world.collect();
  else if (op.what === "run" && server && ready) world.run(server, ready);
  else if (op.what === "park" && running) world.park(running);
  else if (op.what === "swap" && running && ready) world.swap(running, ready);
  else if (op.what === "idle" && server) world.goIdle(server);
  else if (op.what === "block" && running) world.block(running);
  else if (op.what === "unblock" && blocked) world.unblock(blocked);
  else if (op.what === "reschedule" && running) world.f.s.step(running.tid, { do: "reschedule" });
  else if (op.what === "exit" && running) world.exit(running);
}

describe("UMCG v0.3 under programs that keep the contract", () => {
  it("moves only along T1 to T11 and keeps the stable invariants", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 4 }),
        fc.array(operation, { maxLength: 60 }),
        (servers, workers, operations) => {
          const world = new World(servers, workers);
          world.check();
          for (const op of operations) {
            apply(world, op);
            world.check();
          }
        },
      ),
      { numRuns: Number(process.env["FC_RUNS"] ?? 150) },
    );
  });
});
