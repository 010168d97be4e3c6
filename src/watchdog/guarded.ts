/**
 * Calls a function that may never return.
 *
 * JavaScript cannot be interrupted from within, but `node:vm` has V8 end what a script has called when its time is over: a thread
 * waits for that, and no catch or finally of what is ended sees it. It costs 0.1 to 0.5 ms a call, for the thread, so it is for
 * stretches of work and not for steps of it. What was under way is left as it was in the middle of a statement: only what the
 * caller knows of it is of any use.
 *
 * Rejected: a watchdog of one's own in a Worker (it can pause this thread through the inspector, but not if this is a Worker itself,
 * and what it stops is all of this thread's JavaScript, callers included); looking at a clock in each step (a body that does not
 * step does not look).
 */
import { createContext, Script } from "node:vm";

/** What the script can see. */
interface Box {
  work: () => void;
}

let called: { readonly box: Box; readonly script: Script } | undefined;

/**
 * Calls `work`. True: it has returned; false: it had not after `limitMs`, an integer, and was ended. 0: it has all the time there is.
 * Throws what it throws.
 */
export function guarded(work: () => void, limitMs: number): boolean {
  if (limitMs === 0) {
    work();
    return true;
  }
  if (called === undefined) {
    const box: Box = { work };
    createContext(box);
    called = { box, script: new Script("work()") };
  }
  const { box, script } = called;
  box.work = work;
  try {
    script.runInContext(box, { timeout: limitMs, displayErrors: false });
  } catch (cause) {
    if (isTimeout(cause)) return false;
    throw cause;
  } finally {
    box.work = nothing;
  }
  return true;
}

/** So that what was called last can be collected. */
function nothing(): void {
  // Nothing.
}

/** It is no Error of this realm: V8 makes it in the script's. */
function isTimeout(cause: unknown): boolean {
  return (cause as { readonly code?: unknown } | null | undefined)?.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
}
