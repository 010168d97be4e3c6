/**
 * The task of a host thread: what runs on its CPU for it. In user mode it lends the thread its turn; what the thread asks for it
 * does itself, with the kernel's calls or the worker's, and so it blocks, is preempted, is killed and wakes as any task.
 *
 * Rejected: a thread that enters the kernel itself. The kernel's state is shared, but the stacks of the tasks that sleep in it
 * are generators of one isolate, and whoever calls the scheduler must be able to resume them.
 */
import type { Coroutine } from "../../../atomics/step.ts";
import type { HostTasks } from "../../../hosts/threads/vcpu/host-tasks.ts";
import { MachineError } from "../../../kernel-sim/errors.ts";
import { RuntimeError } from "../../../server/runtime-error.ts";
import {
  CALL_BLOCK,
  CALL_COME_IN,
  CALL_END,
  CALL_SPAWN,
  CALL_SPAWN_WORKER,
  type Caller,
  perform,
  type SpawnRequest,
} from "./calls.ts";
import { HostTaskError, packError, unpack, unpackError } from "./errors.ts";

/** What the text of a slot is, or that there is none. */
export const STATUS_NUMBER = 0;
export const STATUS_NOTHING = 1;
export const STATUS_TEXT = 2;
export const STATUS_THREW = 3;

/** What the function of a thread came to. */
export interface HostOutcome {
  readonly threw: boolean;
  readonly value: unknown;
}

/** Runs the thread of `slot`, as the calling task. `loads`: it has just been told what to run. */
export function* runHostThread(
  host: HostTasks,
  slot: number,
  caller: Caller,
  loads: boolean,
): Coroutine<HostOutcome> {
  const { words } = host;
  const { tid } = caller.env;
  host.begin(slot, tid);
  if (loads) yield* host.block(slot);
  // Bounded by the thread: each turn is one of its calls, or that it was asked to come in.
  for (;;) {
    yield* host.lend(slot, tid);
    const call = words.call(slot);
    if (call === CALL_END) return outcome(host, slot);
    if (call === CALL_COME_IN) yield* host.comeIn();
    else if (call === CALL_BLOCK) yield* host.block(slot);
    else if (call === CALL_SPAWN || call === CALL_SPAWN_WORKER)
      yield* answer(host, slot, spawnFor(host, slot, caller, call));
    else yield* answer(host, slot, perform(caller, call, words.arguments(slot)));
  }
}

/** Does what the thread asks for. What that throws, the thread is to throw. */
function* answer({ words }: HostTasks, slot: number, call: Coroutine<number>): Coroutine<void> {
  try {
    words.setResult(slot, yield* call);
    words.setStatus(slot, STATUS_NUMBER);
  } catch (error) {
    // Anything else ends the task, or the machine.
    if (!(error instanceof RuntimeError || error instanceof MachineError || error instanceof HostTaskError))
      throw error;
    words.setText(slot, packError(error));
    words.setStatus(slot, STATUS_THREW);
  }
}

/** Starts a thread for one: its tid; or its record, with the generation beside it. */
function* spawnFor({ words }: HostTasks, slot: number, caller: Caller, call: number): Coroutine<number> {
  const { spec, options } = unpack(words.text(slot)) as SpawnRequest;
  if (call === CALL_SPAWN) return yield* caller.spawn(spec, options);
  const { record, generation } = yield* caller.spawnWorker(spec, options);
  words.setArgument(slot, 0, generation);
  return record;
}

function outcome({ words }: HostTasks, slot: number): HostOutcome {
  const status = words.status(slot);
  if (status === STATUS_THREW) return { threw: true, value: unpackError(words.text(slot)) };
  if (status === STATUS_TEXT) return { threw: false, value: unpack(words.text(slot)) };
  return { threw: false, value: status === STATUS_NUMBER ? words.result(slot) : undefined };
}
