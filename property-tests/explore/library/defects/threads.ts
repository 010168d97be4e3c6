/** Defects of the thread library that need its servers to show. */
import { type Defect, defectsOf } from "./defect.ts";

export const THREAD_DEFECTS: readonly Defect[] = defectsOf("src/worker/parking.ts", [
  [
    "unpark: a claimed worker is not made ready",
    "threads: channel",
    "if ((park & PARK_PARKED) !== 0 && (yield* claim(env, record))) yield* by.makeReady(record);",
    "if ((park & PARK_PARKED) !== 0) yield* claim(env, record);",
  ],
  [
    "park: PARKED is not set",
    "threads: channel",
    "if ((yield* memory.cmpxchg32(parkOf(record), park, park | bit)) !== 0) {",
    "if ((yield* memory.cmpxchg32(parkOf(record), park, park)) !== 0) {",
  ],
  [
    "park: the server is not made RUNNING",
    "threads: mutex",
    "  yield* memory.store32(stateOf(server), UMCG_TASK_RUNNING);\n",
    "",
  ],
  [
    "park: the server is not told what for",
    "threads: mutex",
    "  yield* memory.store32(requestOf(server), request);\n",
    "",
  ],
]);
