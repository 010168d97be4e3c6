/**
 * The probes of a real machine, as far as Node reaches.
 *
 * Threads hand over with Atomics.wait and Atomics.notify, which are futexes underneath; they cannot be pinned, so the
 * kernel places them. The trivial system call is getuid(2); the call into C++ it is compared with returns a number that
 * is already there. Sleeps end by a timed Atomics.wait, page faults are first touches of a fresh mapping.
 *
 * Rejected: process.ppid (its accessor costs three times the system call), setTimeout (whole milliseconds, and the event
 * loop's own delays), worker creation for threadCreate (a JavaScript engine's start, a thousand times a thread's).
 */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { cachedDataVersionTag } from "node:v8";
import {
  awaitTurn,
  COMMAND_BOUNCE,
  COMMAND_HAND_OFF,
  LONELY,
  spinForTurn,
  TURN,
  TURN_MAIN,
  TURN_PARTNER,
} from "./partner-protocol.ts";
import { PartnerThread } from "./partner-thread.ts";
import type { Probe, Probes } from "./probes.ts";
import type { Readings, SeriesName } from "./readings.ts";

/** Calls timed together: the clock is read twice for all of them. */
const BATCH = 256;
const HAND_OFFS = 32;
const BOUNCES = 2_000;
const SLEEP_MS = 1;
const PAGE = 4096;
/** Faults timed together, and how many such lots a stretch takes. */
const PAGES = 64;
const LOTS = 8;
/** Above the greatest size that malloc ever keeps for itself: a fresh mapping each time. */
const MAPPING = 33 << 20;
/** Linux's default for a process that says nothing. */
const DEFAULT_SLACK_NS = 50_000;

/** Wall time, ns. */
function nowNs(): number {
  return performance.now() * 1e6;
}

/** Opens the probes of this machine. The second thread starts here, if there is a CPU for it. */
export function openNodeProbes(): Probes {
  const partner = availableParallelism() > 1 ? new PartnerThread() : undefined;
  return {
    probes: [
      ...callProbes(),
      ...(partner === undefined ? [] : [handOffs(partner), bounces(partner)]),
      { name: "timed sleep", take: oversleep },
      { name: "page faults", take: pageFaults },
    ],
    hypervisor: hypervisor(),
    timerSlackNs: timerSlack(),
    close: () => partner?.close(),
  };
}

function callProbes(): Probe[] {
  const words = new Int32Array(new SharedArrayBuffer(4));
  const { getuid } = process;
  const calls: [name: string, series: SeriesName, call: () => unknown][] = [
    ["native call", "nativeCall", cachedDataVersionTag],
    ["clock", "clock", nowNs],
    ["notify without waiter", "notifyNobody", () => Atomics.notify(words, 0, 1)],
  ];
  if (getuid !== undefined) calls.push(["system call", "systemCall", getuid]);
  return calls.map(([name, series, call]) => ({
    name,
    take: (readings) => timeBatch(readings, series, call),
  }));
}

function timeBatch(readings: Readings, series: SeriesName, call: () => unknown): void {
  for (let batch = 0; batch < 16; batch++) {
    const began = nowNs();
    for (let left = BATCH; left > 0; left--) call();
    readings.add(series, (nowNs() - began) / BATCH);
  }
}

function handOffs(partner: PartnerThread): Probe {
  const { words } = partner;
  const take = (readings: Readings): void => {
    if (!partner.begin(COMMAND_HAND_OFF, HAND_OFFS)) return;
    for (let left = HAND_OFFS; left > 0; left--) {
      const began = nowNs();
      Atomics.store(words, TURN, TURN_PARTNER);
      const woken = Atomics.notify(words, TURN);
      const notified = nowNs();
      if (!awaitTurn(words, TURN_MAIN)) return;
      const ended = nowNs();
      // A partner that was still awake tells nothing of wake-ups.
      if (woken === 1) {
        readings.add("notify", notified - began);
        readings.add("roundTrip", ended - began);
      }
    }
  };
  return { name: "hand-off between threads", take };
}

function bounces(partner: PartnerThread): Probe {
  const { words } = partner;
  const take = (readings: Readings): void => {
    const alone = nowNs();
    for (let left = BOUNCES; left > 0; left--) {
      Atomics.store(words, LONELY, left);
      Atomics.load(words, LONELY);
    }
    readings.add("lineAlone", (nowNs() - alone) / BOUNCES);
    if (!partner.begin(COMMAND_BOUNCE, BOUNCES)) return;
    const began = nowNs();
    for (let left = BOUNCES; left > 0; left--) {
      Atomics.store(words, TURN, TURN_PARTNER);
      if (!spinForTurn(words, TURN_MAIN)) return;
    }
    readings.add("lineHop", (nowNs() - began) / (2 * BOUNCES));
  };
  return { name: "cache line between threads", take };
}

const sleeper: Int32Array = new Int32Array(new SharedArrayBuffer(4));

function oversleep(readings: Readings): void {
  for (let left = 8; left > 0; left--) {
    const began = nowNs();
    Atomics.wait(sleeper as Int32Array<SharedArrayBuffer>, 0, 0, SLEEP_MS);
    readings.add("oversleep", nowNs() - began - SLEEP_MS * 1e6);
  }
}

function pageFaults(readings: Readings): void {
  const mapping = new Uint8Array(MAPPING);
  for (let lot = 0; lot < LOTS; lot++) {
    const before = process.resourceUsage().minorPageFault;
    const first = touch(mapping, lot);
    const faults = process.resourceUsage().minorPageFault - before;
    const second = touch(mapping, lot);
    // With huge pages one fault serves 512 of these; what it costs is not the cost of a page.
    if (faults >= PAGES) readings.add("pageFault", (first - second) / faults);
  }
}

/** Writes to each page of a lot; returns the time. */
function touch(mapping: Uint8Array, lot: number): number {
  const began = nowNs();
  for (let page = lot * PAGES; page < (lot + 1) * PAGES; page++) mapping[page * PAGE + 64] = 1;
  return nowNs() - began;
}

function hypervisor(): boolean | undefined {
  const flags = readOrNothing("/proc/cpuinfo").match(/^flags\s*:.*$/m)?.[0];
  return flags === undefined ? undefined : /\bhypervisor\b/.test(flags);
}

function timerSlack(): number {
  const text = readOrNothing("/proc/self/timerslack_ns").trim();
  return /^\d+$/.test(text) ? Number(text) : DEFAULT_SLACK_NS;
}

/** A file of /proc, or nothing where there is none. */
function readOrNothing(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
