/** A machine with room for many workers and little else: one vCPU, and so one server. */
import { TICKLESS } from "../../src/bench/workload.ts";
import { createMachine, type Machine } from "../../src/machine.ts";
import { RECORD_SIZE } from "../../src/server/record.ts";

/** Bytes of user memory beside the workers' records. */
const BYTES_BESIDE = 1 << 20;
const PAGE = 4096;

export function roomyMachine(workers: number): Machine {
  const userBytes = Math.ceil((workers * RECORD_SIZE + BYTES_BESIDE) / PAGE) * PAGE;
  return createMachine({ ...TICKLESS, vcpus: 1, maxTasks: workers + 8, userBytes });
}
