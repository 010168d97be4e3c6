/** Contract breaches that the kernel answers with SIGSEGV: arg0 of UMCG_DIE events. The last five: `hardened` only. */
export const DIE_REASONS = [
  "",
  "state word unreadable in block detection",
  "state changed under block detection",
  "server_tid unreadable in block detection",
  "server word neither IDLE nor RUNNING",
  "state word unreadable in wake detection",
  "server_tid unreadable in wake detection",
  "state changed under wake detection",
  "idle_workers_ptr unreadable",
  "idle_workers_ptr is NULL",
  "push to the idle worker list failed",
  "idle_servers_ptr unreadable",
  "pop from the idle server list failed",
  "the state byte is none of RUNNING, IDLE and BLOCKED",
  "idle_workers_ptr does not point at the list head it was registered with",
  "the idle server list has no end, or leads out of registered records",
  "the server's state word cannot be accessed",
  "the state word cannot be accessed",
] as const;

export const DIE_BLOCK_STATE = 1;
export const DIE_BLOCK_RACE = 2;
export const DIE_BLOCK_SERVER = 3;
export const DIE_SERVER_WORD = 4;
export const DIE_WAKE_STATE = 5;
export const DIE_WAKE_SERVER = 6;
export const DIE_WAKE_RACE = 7;
export const DIE_WORKERS_PTR = 8;
export const DIE_WORKERS_NULL = 9;
export const DIE_PUSH = 10;
export const DIE_SERVERS_PTR = 11;
export const DIE_POP = 12;
export const DIE_STATE = 13;
export const DIE_NODE = 14;
export const DIE_SERVER_LIST = 15;
export const DIE_SERVER_RECORD = 16;
export const DIE_RECORD = 17;

export function dieReason(reason: number): string {
  return DIE_REASONS[reason] ?? `reason ${reason}`;
}
