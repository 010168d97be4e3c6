/** Everything of this project that is explored, by name. */
import { HARDENED } from "./hardened.ts";
import { LISTS } from "./lists.ts";
import { LOCKS } from "./locks.ts";
import { QUEUES } from "./queues.ts";
import type { Subject } from "./subject.ts";
import { SYNC } from "./sync.ts";
import { THREADS } from "./threads.ts";

export type { Subject } from "./subject.ts";

export const SUBJECTS: readonly Subject[] = [...LISTS, ...QUEUES, ...LOCKS, ...SYNC, ...HARDENED, ...THREADS];
