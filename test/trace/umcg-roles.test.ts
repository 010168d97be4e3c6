import { describe, expect, test } from "vitest";
import * as kinds from "../../src/trace/events.ts";
import {
  ROLE_SERVER,
  ROLE_TASK,
  ROLE_WORKER,
  type UmcgNumbers,
  UmcgRoles,
} from "../../src/trace/umcg-roles.ts";

const umcg: UmcgNumbers = { ctl: 447, wait: 448, register: 1, unregister: 2, worker: 0x10000, idleReason: 7 };
type Seen = readonly [kind: number, tid: number, arg0: number, arg1: number];

function roles(events: readonly Seen[], numbers: UmcgNumbers | undefined = umcg): UmcgRoles {
  const made = new UmcgRoles(numbers);
  for (const event of events) made.event(...event);
  return made;
}

const SERVER: readonly Seen[] = [
  [kinds.TRACE_SYS_ENTER, 1, umcg.ctl, umcg.register],
  [kinds.TRACE_SYS_EXIT, 1, umcg.ctl, 0],
];
const WAIT: Seen = [kinds.TRACE_SYS_ENTER, 1, umcg.wait, 0];
const SLEEP: Seen = [kinds.TRACE_SCHED_SWITCH, 0, 1, 6];

describe("roles", () => {
  test("come with registration and go with it", () => {
    expect(roles(SERVER).roleOf(1)).toBe(ROLE_SERVER);
    const gone: Seen[] = [
      [kinds.TRACE_SYS_ENTER, 1, umcg.ctl, umcg.unregister],
      [kinds.TRACE_SYS_EXIT, 1, umcg.ctl, 0],
    ];
    expect(roles([...SERVER, ...gone]).roleOf(1)).toBe(ROLE_TASK);
  });

  test("a registration that is refused makes nobody anything", () => {
    const refused: Seen[] = [SERVER[0]!, [kinds.TRACE_SYS_EXIT, 1, umcg.ctl, -22]];
    expect(roles(refused).roleOf(1)).toBe(ROLE_TASK);
  });

  test("a worker is one while it still registers, and idle when it sleeps there", () => {
    const seen = roles([
      [kinds.TRACE_SYS_ENTER, 2, umcg.ctl, umcg.register | umcg.worker],
      [kinds.TRACE_SCHED_SWITCH, 0, 2, umcg.idleReason],
    ]);
    expect([seen.roleOf(2), seen.isIdle(2), seen.idleWorkers, seen.idleServers]).toEqual([
      ROLE_WORKER,
      true,
      1,
      0,
    ]);
    seen.event(kinds.TRACE_SCHED_WAKING, 2, 0, 1);
    expect([seen.isIdle(2), seen.idleWorkers]).toEqual([false, 0]);
  });

  test("a server that waits is idle, one that handed its CPU on is not", () => {
    expect(roles([...SERVER, WAIT, SLEEP]).idleServers).toBe(1);
    const handed: Seen = [kinds.TRACE_SCHED_WAKING, 5, 0, 1];
    expect(roles([...SERVER, WAIT, handed, SLEEP]).idleServers).toBe(0);
    expect(roles([...SERVER, handed, WAIT, SLEEP]).idleServers).toBe(1);
  });

  test("a server asleep elsewhere, or preempted, is not idle", () => {
    expect(roles([...SERVER, SLEEP]).idleServers).toBe(0);
    expect(roles([...SERVER, WAIT, [kinds.TRACE_SCHED_SWITCH, 0, 1, 0]]).idleServers).toBe(0);
  });

  test("who is switched to or exits is idle no more", () => {
    expect(roles([...SERVER, WAIT, SLEEP, [kinds.TRACE_SCHED_SWITCH, 1, 0, 0]]).idleServers).toBe(0);
    expect(roles([...SERVER, WAIT, SLEEP, [kinds.TRACE_TASK_EXIT, 1, 0, 9]]).idleServers).toBe(0);
  });

  test("without numbers everybody is a task", () => {
    expect(new UmcgRoles(undefined).roleOf(1)).toBe(ROLE_TASK);
    const plain = new UmcgRoles(undefined);
    for (const event of [...SERVER, WAIT, SLEEP]) plain.event(...event);
    expect([plain.roleOf(1), plain.idleServers]).toEqual([ROLE_TASK, 0]);
  });
});
