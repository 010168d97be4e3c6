/** Page faults: of the kernel's own accesses to user memory, and of user mode. */
import type { Addr } from "../atomics/address.ts";
import { READ, WRITE } from "../atomics/page-table.ts";
import type { Coroutine } from "../atomics/step.ts";
import { TRACE_PAGE_FAULT } from "../trace/events.ts";
import { SIGSEGV } from "./constants.ts";
import type { Kernel } from "./kernel.ts";
import { pageIn } from "./page-io.ts";
import { exitToUserMode, forceSignal, hasExitWork } from "./signals.ts";
import { STEP_MINOR_FAULT } from "./steps.ts";

/** Makes the page of `a` present. A minor fault costs time and does not block; a major one waits for the disk. */
export function* resolveFault(kernel: Kernel, a: Addr, write: boolean): Coroutine<boolean> {
  const { trace, host, pages } = kernel;
  host.alone();
  const major = pages.isOnDisk(a);
  if (trace.on) kernel.emit(TRACE_PAGE_FAULT, kernel.current, a | 0, (write ? 1 : 0) + (major ? 2 : 0));
  host.charge(STEP_MINOR_FAULT);
  yield* host.sync();
  if (pages.isOnDisk(a)) yield* pageIn(kernel, a);
  if (!pages.resolvable(a, write)) return pages.permits(a, 1, write ? WRITE : READ);
  pages.makePresent(a);
  return true;
}

/** A user-mode access that may not happen: resolved, or SIGSEGV. Returns when the access may be tried again. */
export function* userFault(kernel: Kernel, a: Addr, size: number, write: boolean): Coroutine<void> {
  kernel.host.enterKernel();
  yield* inUserMode(kernel, a, size, write);
  kernel.host.leaveKernel();
}

function* inUserMode(kernel: Kernel, a: Addr, size: number, write: boolean): Coroutine<void> {
  const tid: number = kernel.current;
  const aligned = (a & (size - 1)) === 0;
  if (aligned && kernel.pages.resolvable(a, write)) {
    const resolved = yield* resolveFault(kernel, a, write);
    if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
    if (resolved) return;
  } else {
    // A handler that returns comes here again and again: time must pass, and others run.
    kernel.host.charge(STEP_MINOR_FAULT);
    yield* kernel.host.sync();
  }
  forceSignal(kernel, tid, SIGSEGV);
  // A handler that returns meets the same fault again, as on hardware.
  yield* exitToUserMode(kernel, tid);
}
