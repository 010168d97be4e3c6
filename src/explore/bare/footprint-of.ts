/** What the next step of a thread accesses, and in words. */
import { NO_ACCESS, reads, writes } from "../../interleaving/footprints.ts";
import type { Bare } from "./bare.ts";
import { FREE, type Objects } from "./objects.ts";
import * as op from "./request.ts";
import { opName, type Request } from "./request.ts";
import type { Threads } from "./threads.ts";

/** `faults`: a plain wait, too, may end without a notify. */
export function footprintOf(request: Request, threads: Threads, objects: Objects, faults: boolean): number {
  let base = bare(request, threads, objects, faults);
  if (request.spin !== undefined) {
    for (const word of request.spin.words) base = objects.footprints.union(base, reads(word));
  }
  if (!request.fresh) return base;
  return objects.footprints.union(base, objects.afterLifeOf(request.actor));
}

function bare(request: Request, threads: Threads, objects: Objects, faults: boolean): number {
  const { words } = threads.bare;
  switch (request.op) {
    case op.OP_LOAD:
    case op.OP_PLAIN_LOAD:
    case op.OP_UNTIL:
      return reads(request.a);
    case op.OP_STORE:
    case op.OP_PLAIN_STORE:
    case op.OP_XCHG:
    case op.OP_ADD:
      return writes(request.a);
    case op.OP_CAS:
      return words[request.a] === request.b >>> 0 ? writes(request.a) : reads(request.a);
    case op.OP_LOCK:
    case op.OP_UNLOCK:
      return objects.lock(request.a);
    case op.OP_TRY_LOCK:
      return threads.owners[request.a] === FREE ? objects.lock(request.a) : objects.refused(request.a);
    case op.OP_WAIT: {
      const wait = objects.footprints.pair(reads(request.a), objects.queue(request.a));
      if (!faults && request.c === 0) return wait;
      return objects.footprints.union(wait, objects.arms(request.actor));
    }
    case op.OP_NOTIFY:
      return objects.queue(request.a);
    case op.OP_JOIN:
      return objects.afterEndOf(request.a);
    default:
      return wide(request, threads.bare, objects);
  }
}

function wide(request: Request, { longs }: Bare, { footprints }: Objects): number {
  const first = request.a;
  switch (request.op) {
    case op.OP_LOAD64:
      return footprints.pair(reads(first), reads(first + 1));
    case op.OP_STORE64:
    case op.OP_XCHG64:
      return footprints.pair(writes(first), writes(first + 1));
    case op.OP_CAS64: {
      const access = longs[first >> 1] === request.x ? writes : reads;
      return footprints.pair(access(first), access(first + 1));
    }
    case op.OP_COPY_OUT:
      return footprints.of(Array.from({ length: request.b }, (_, i) => reads(first + i)));
    case op.OP_COPY_IN:
      return footprints.of(Array.from({ length: request.b }, (_, i) => writes(first + i)));
    default:
      return NO_ACCESS;
  }
}

/** "store x := 1", "lock mutex 0". */
export function describeRequest(request: Request, threads: Threads): string {
  const name = opName(request.op);
  const { bare: program } = threads;
  const word = (): string => program.nameOfWord(request.a);
  switch (request.op) {
    case op.OP_LOAD:
    case op.OP_PLAIN_LOAD:
    case op.OP_LOAD64:
    case op.OP_UNTIL:
      return `${name} ${word()}`;
    case op.OP_STORE:
    case op.OP_PLAIN_STORE:
    case op.OP_XCHG:
    case op.OP_ADD:
    case op.OP_WAIT:
    case op.OP_NOTIFY:
      return `${name} ${word()}, ${request.b}`;
    case op.OP_STORE64:
    case op.OP_XCHG64:
      return `${name} ${word()}, ${request.x}`;
    case op.OP_CAS:
      return `${name} ${word()}, ${request.b} -> ${request.c}`;
    case op.OP_CAS64:
      return `${name} ${word()}, ${request.x} -> ${request.y}`;
    case op.OP_COPY_OUT:
    case op.OP_COPY_IN:
      return `${name} ${word()}, ${request.bytes.length} bytes`;
    case op.OP_LOCK:
    case op.OP_UNLOCK:
    case op.OP_TRY_LOCK:
      return `${name} ${program.mutexes[request.a]}`;
    case op.OP_JOIN:
      return `${name} ${threads.nameOf(request.a)}`;
    default:
      return name;
  }
}

/** Who waits for what, of those that have not ended. */
export function whyStuck(threads: Threads): string {
  const waiting: string[] = [];
  for (let t = 0; t < threads.count; t++) {
    const request = threads.requests[t]!;
    if (!request.born || request.finished) continue;
    let what = describeRequest(request, threads);
    if (request.op === op.OP_ASLEEP) what = `wait ${threads.bare.nameOfWord(request.a)}`;
    if (request.spin !== undefined) {
      what = `spin on ${request.spin.words.map((word) => threads.bare.nameOfWord(word)).join(", ")}`;
    }
    if (request.op === op.OP_LOCK) what += ` held by ${threads.nameOf(threads.owners[request.a]!)}`;
    waiting.push(`${threads.nameOf(t)} at ${what}`);
  }
  return `nobody can go on: ${waiting.join(", ")}`;
}
