/** What there is to be seen of a bare program: its words, its mutexes, and where its threads are. */
import type { See } from "../../interleaving/look.ts";
import { describeRequest } from "./footprint-of.ts";
import { FREE } from "./objects.ts";
import { OP_ASLEEP, OP_CUT, type Request } from "./request.ts";
import { isConditional, type Threads } from "./threads.ts";

/** From here on a value is more likely an address than a number. */
const ADDRESSES = 0x10000;

export function lookAtBare(threads: Threads, see: See): void {
  const { bare, owners } = threads;
  for (let t = 0; t < threads.count; t++)
    see(`thread ${t}`, "threads", threads.nameOf(t), whereIs(threads, threads.requests[t]!), true);
  for (const [index, value] of bare.words.entries()) {
    const name = bare.nameOfWord(index);
    const text = value >= ADDRESSES ? `0x${value.toString(16)}` : String(value);
    see(`word ${index}`, "words", name, text, !name.startsWith("0x"));
  }
  for (const [mutex, name] of bare.mutexes.entries()) {
    const owner = owners[mutex]!;
    see(`mutex ${mutex}`, "locks", name, owner === FREE ? "free" : `held by ${threads.nameOf(owner)}`, true);
  }
}

function whereIs(threads: Threads, request: Request): string {
  if (!request.born) return "not there";
  if (request.finished) return "ended";
  if (request.op === OP_ASLEEP) return `asleep at ${threads.bare.nameOfWord(request.a)}`;
  if (request.op === OP_CUT) return "given up";
  const blocked = isConditional(request) && !threads.admits(request);
  return `${blocked ? "blocked" : "before"}: ${describeRequest(request, threads)}`;
}
