/**
 * Defects to be seeded in the library, and which exploration finds each: `npm run -s mutants` tries them all. What cannot be
 * told apart from the right code by any execution is no defect and not here.
 */
import type { Defect } from "./defects/defect.ts";
import { HARDENED_DEFECTS } from "./defects/hardened.ts";
import { LIST_DEFECTS } from "./defects/lists.ts";
import { LOCK_DEFECTS } from "./defects/locks.ts";
import { MEETING_DEFECTS } from "./defects/meetings.ts";
import { QUEUE_DEFECTS } from "./defects/queues.ts";
import { SYNC_DEFECTS } from "./defects/sync.ts";
import { THREAD_DEFECTS } from "./defects/threads.ts";

export type { Defect } from "./defects/defect.ts";

export const DEFECTS: readonly Defect[] = [
  ...LIST_DEFECTS,
  ...QUEUE_DEFECTS,
  ...LOCK_DEFECTS,
  ...SYNC_DEFECTS,
  ...MEETING_DEFECTS,
  ...HARDENED_DEFECTS,
  ...THREAD_DEFECTS,
];
