/** madvise(2), of which there is one advice: MADV_PAGEOUT. Source: mm/madvise.c. */
import { type Addr, PAGE_SIZE } from "../../atomics/address.ts";
import { EINVAL, ENOMEM } from "../../atomics/errno.ts";
import type { Coroutine } from "../../atomics/step.ts";
import { MADV_PAGEOUT, NR_MADVISE } from "../constants.ts";
import type { Kernel } from "../kernel.ts";
import { exitToUserMode, hasExitWork } from "../signals.ts";
import { sysEnter, sysExit } from "./entry.ts";

/** Longest range of one call, bytes. */
const MAX_RANGE = 2 ** 31;

/** Moves pages to disk. 0; -EINVAL `a` begins no page, no length, other advice; -ENOMEM not all pages are mapped. */
export function* sysMadvise(kernel: Kernel, a: Addr, length: number, advice: number): Coroutine<number> {
  const tid = sysEnter(kernel, NR_MADVISE, a);
  yield* kernel.host.sync();
  const valid = a % PAGE_SIZE === 0 && length >= 0 && length <= MAX_RANGE && advice === MADV_PAGEOUT;
  let result = -EINVAL;
  if (valid) result = kernel.pages.swapOut(a, length) ? 0 : -ENOMEM;
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return sysExit(kernel, tid, NR_MADVISE, result);
}
