/** Everything of this project that is explored, by name. */

import { CORES } from "./cores.ts";
import { DEATHS } from "./deaths.ts";
import { HARDENED } from "./hardened.ts";
import { LISTS_ON_KERNEL } from "./kernel-lists.ts";
import { LISTS } from "./lists.ts";
import { LOCKS } from "./locks.ts";
import { MEETINGS } from "./meetings.ts";
import { POLICIES } from "./policies.ts";
import { QUEUES } from "./queues.ts";
import { SERVED } from "./served.ts";
import type { Subject } from "./subject.ts";
import { SYNC } from "./sync.ts";
import { THREADS } from "./threads.ts";

export type { Subject } from "./subject.ts";

export const SUBJECTS: readonly Subject[] = [
  ...LISTS,
  ...QUEUES,
  ...LOCKS,
  ...SYNC,
  ...MEETINGS,
  ...DEATHS,
  ...POLICIES,
  ...HARDENED,
  ...CORES,
  ...THREADS,
  ...SERVED,
  ...LISTS_ON_KERNEL,
];
