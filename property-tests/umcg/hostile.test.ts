/**
 * User space that keeps no contract at all: random words in records and lists, random calls, pages taken away.
 *
 * The kernel must stay sane: every operation comes to rest, only SIGSEGV kills and only tasks that took part, no word
 * outside the records and lists changes, a plain bystander never notices (I37, I39, I40).
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  SIGSEGV,
  type Tid,
  UMCG_CTL_REGISTER,
  UMCG_CTL_UNREGISTER,
  UMCG_CTL_WORKER,
} from "../../src/index.ts";
import { Fixture } from "../../test/umcg/fixture.ts";

const TASKS = 4;

const word = fc.oneof(
  fc.constantFrom(0, 1, 2, 3, 0x101, 0x102, 0x01000001, 0x01000002, 0xffffffff),
  fc.nat({ max: TASKS + 2 }),
);
/** Which 64-bit words get stored: nothing, list heads, nodes, marked nodes, nonsense. */
const pointer = fc.record({ base: fc.nat(2 * TASKS + 3), mark: fc.boolean() });

const operation = fc.oneof(
  fc.record({
    op: fc.constant("word"),
    task: fc.nat(TASKS - 1),
    offset: fc.constantFrom(0, 4, 8, 12),
    value: word,
  }),
  fc.record({
    op: fc.constant("pointer"),
    task: fc.nat(TASKS - 1),
    offset: fc.constantFrom(16, 24),
    to: pointer,
  }),
  fc.record({ op: fc.constant("head"), which: fc.nat(1), to: pointer }),
  fc.record({
    op: fc.constant("ctl"),
    task: fc.nat(TASKS - 1),
    flags: fc.constantFrom(0, 1, 2, 0x10001, 7),
    at: fc.nat(TASKS),
  }),
  fc.record({
    op: fc.constant("wait"),
    task: fc.nat(TASKS - 1),
    flags: fc.nat(4),
    timeout: fc.constantFrom(0, 0, 0, 5),
  }),
  fc.record({
    op: fc.constantFrom("block", "reschedule", "exit", "unblock", "signal"),
    task: fc.nat(TASKS - 1),
  }),
  fc.record({
    op: fc.constant("protect"),
    task: fc.nat(TASKS - 1),
    as: fc.constantFrom("unmapped", "absent", "absent-readonly", "readonly", "readwrite" as const),
  }),
);

class Hostile {
  readonly f: Fixture = new Fixture({ vcpus: 2, userBytes: 1 << 17 });
  readonly tids: Tid[] = [];
  readonly records: number[] = [];
  readonly bystander: Tid;

  constructor() {
    for (let i = 0; i < TASKS; i++) {
      this.tids.push(this.f.plain());
      // A page each, so that it can be taken away.
      this.records.push(this.f.s.allocate(4096, 4096));
    }
    this.bystander = this.f.plain();
    this.f.s.step(this.bystander, { do: "block" });
    this.f.s.takeWakes();
  }

  pointer(to: { base: number; mark: boolean }): bigint {
    const places = [
      0,
      this.f.idleWorkers,
      this.f.idleServers,
      ...this.records.flatMap((r) => [r + 16, r + 24]),
    ];
    return BigInt(places[to.base % places.length]!) | (to.mark ? 1n : 0n);
  }

  apply(op: Record<string, unknown>): void {
    const { s } = this.f;
    const task = (op["task"] ?? 0) as number;
    const tid = this.tids[task]!;
    const record = this.records[task]!;
    const inUser = s.inspect(tid).mode === "user";
    switch (op["op"]) {
      case "word":
        s.store32((record + (op["offset"] as number)) as never, op["value"] as number);
        break;
      case "pointer":
        s.store64((record + (op["offset"] as number)) as never, this.pointer(op["to"] as never));
        break;
      case "head":
        s.store64(
          op["which"] === 0 ? this.f.idleWorkers : this.f.idleServers,
          this.pointer(op["to"] as never),
        );
        break;
      case "protect":
        s.protect(record as never, 4096, op["as"] as never);
        break;
      case "unblock":
        s.unblock(tid);
        s.run();
        break;
      case "signal":
        s.disposition(tid, 10, "handle");
        s.signal(tid, 10);
        s.run();
        break;
      default:
        if (inUser) this.command(op, tid);
    }
  }

  command(op: Record<string, unknown>, tid: Tid): void {
    const { s } = this.f;
    if (op["op"] === "ctl")
      s.step(tid, {
        do: "umcg_ctl",
        flags: op["flags"] as number,
        self: (this.records[op["at"] as number] ?? 0) as never,
      });
    else if (op["op"] === "wait")
      s.step(tid, { do: "umcg_wait", flags: op["flags"] as number, absTimeoutNs: op["timeout"] as number });
    else s.step(tid, { do: op["op"] as "block" | "reschedule" | "exit" });
  }

  check(): void {
    const { s } = this.f;
    const own = (a: number): boolean =>
      a === this.f.idleWorkers ||
      a === this.f.idleWorkers + 4 ||
      a === this.f.idleServers ||
      a === this.f.idleServers + 4 ||
      this.records.some((r) => a >= r && a < r + 64);
    for (const change of s.takeChanges())
      expect(own(change.addr), `word 0x${change.addr.toString(16)} changed`).toBe(true);
    for (const tid of this.tids) expect([0, SIGSEGV]).toContain(s.inspect(tid).fatalSignal);
    for (const wake of s.takeWakes()) expect(wake.target).toBeGreaterThan(0);
  }
}

describe("UMCG v0.3 under programs that keep no contract", () => {
  it("harms nobody but those who took part", () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 50 }), (operations) => {
        const world = new Hostile();
        for (const op of [
          { op: "ctl", task: 0, flags: UMCG_CTL_REGISTER, at: 0 },
          ...operations,
          { op: "ctl", task: 1, flags: UMCG_CTL_REGISTER | UMCG_CTL_WORKER, at: 1 },
          { op: "ctl", task: 0, flags: UMCG_CTL_UNREGISTER, at: TASKS },
        ]) {
          world.apply(op);
          world.check();
        }
        // next_tid may name the bystander (F15): then it is merely awake. It is never killed or changed.
        expect(world.f.s.inspect(world.bystander)).toMatchObject({
          fatalSignal: 0,
          record: 0,
          worker: false,
        });
      }),
      { numRuns: Number(process.env["FC_RUNS"] ?? 200) },
    );
  });
});
