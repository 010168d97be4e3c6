/** All programs, by name: those of published tools, with their parameters, to compare counts and speed with. */

import { litmus2plus2w } from "./2+2w.ts";
import { account } from "./account.ts";
import { accountMcr } from "./account-mcr.ts";
import { ainc } from "./ainc.ts";
import { airline } from "./airline.ts";
import { approxdsAppend } from "./approxds-append.ts";
import { bakery } from "./bakery.ts";
import { barrier } from "./barrier.ts";
import { big0 } from "./big0.ts";
import { big1 } from "./big1.ts";
import { big2 } from "./big2.ts";
import { binc } from "./binc.ts";
import { bluetoothDriver } from "./bluetooth-driver.ts";
import { burns } from "./burns.ts";
import { carter01 } from "./carter01.ts";
import { cas } from "./cas.ts";
import { casrot } from "./casrot.ts";
import { casw } from "./casw.ts";
import { chaseLev } from "./chase-lev.ts";
import { cinc } from "./cinc.ts";
import { circularBuffer } from "./circular-buffer.ts";
import { clh } from "./clh.ts";
import { coa } from "./coa.ts";
import { COHERENCE } from "./coherence.ts";
import { controlFlow } from "./control-flow.ts";
import { deadlock01 } from "./deadlock01.ts";
import type { BenchProgram } from "./define.ts";
import { dekker } from "./dekker.ts";
import { dekker2Fixed } from "./dekker2-fixed.ts";
import { dispatcher } from "./dispatcher.ts";
import { eratosthenes } from "./eratosthenes.ts";
import { exponentialBug } from "./exponential-bug.ts";
import { fibBench } from "./fib-bench.ts";
import { fibOneVariable } from "./fib-one-variable.ts";
import { filesystem } from "./filesystem.ts";
import { floatingRead } from "./floating-read.ts";
import { futexMutex } from "./futex-mutex.ts";
import { inc } from "./inc.ts";
import { indexer } from "./indexer.ts";
import { iriw } from "./iriw.ts";
import { isa2 } from "./isa2.ts";
import { jacmSsb } from "./jacm-ssb.ts";
import { lamportFast } from "./lamport-fast.ts";
import { lastwrite } from "./lastwrite.ts";
import { lastzero } from "./lastzero.ts";
import { lazy01 } from "./lazy01.ts";
import { lb } from "./lb.ts";
import { lengthParametric } from "./length-parametric.ts";
import { lockinc } from "./lockinc.ts";
import { mcs } from "./mcs.ts";
import { mp } from "./mp.ts";
import { msQueue } from "./ms-queue.ts";
import { multiprodcon } from "./multiprodcon.ts";
import { mutexDeadlock } from "./mutex-deadlock.ts";
import { mutexOrder } from "./mutex-order.ts";
import { mutexVsTrylock } from "./mutex-vs-trylock.ts";
import { myexample } from "./myexample.ts";
import { nWriters } from "./n-writers.ts";
import { nWritesARead } from "./n-writes-a-read.ts";
import { optLock } from "./opt-lock.ts";
import { peterson } from "./peterson.ts";
import { phase01 } from "./phase01.ts";
import { philosophers } from "./philosophers.ts";
import { poke } from "./poke.ts";
import { popl14 } from "./popl14.ts";
import { PRESETS } from "./presets.ts";
import { pthreadDemo } from "./pthread-demo.ts";
import { publish } from "./publish.ts";
import { raceParametric } from "./race-parametric.ts";
import { readers } from "./readers.ts";
import { redundantCo } from "./redundant-co.ts";
import { reorder } from "./reorder.ts";
import { rw } from "./rw.ts";
import { rwlock } from "./rwlock.ts";
import { s } from "./s.ts";
import { safestack } from "./safestack.ts";
import { satExample } from "./sat-example.ts";
import { sb } from "./sb.ts";
import { seqlock } from "./seqlock.ts";
import { sharedPtr } from "./shared-ptr.ts";
import { sigma } from "./sigma.ts";
import { spinlock } from "./spinlock.ts";
import { stack } from "./stack.ts";
import { storeWaitNotify } from "./store-wait-notify.ts";
import { szymanski } from "./szymanski.ts";
import { threadParametric } from "./thread-parametric.ts";
import { ticketlock } from "./ticketlock.ts";
import { tokenRing } from "./token-ring.ts";
import { treiber } from "./treiber.ts";
import { treiberAba } from "./treiber-aba.ts";
import { trylockUnlock } from "./trylock-unlock.ts";
import { ttaslock } from "./ttaslock.ts";
import { twostage } from "./twostage.ts";
import { wainc } from "./wainc.ts";
import { wcas } from "./wcas.ts";
import { wrc } from "./wrc.ts";
import { wronglock } from "./wronglock.ts";

const ALL: readonly BenchProgram[] = [
  litmus2plus2w,
  accountMcr,
  account,
  ainc,
  airline,
  approxdsAppend,
  bakery,
  barrier,
  big0,
  big1,
  big2,
  binc,
  bluetoothDriver,
  burns,
  carter01,
  cas,
  casrot,
  casw,
  chaseLev,
  cinc,
  circularBuffer,
  clh,
  coa,
  controlFlow,
  deadlock01,
  dekker,
  dekker2Fixed,
  dispatcher,
  eratosthenes,
  exponentialBug,
  fibBench,
  fibOneVariable,
  filesystem,
  floatingRead,
  futexMutex,
  inc,
  indexer,
  iriw,
  isa2,
  jacmSsb,
  lamportFast,
  lastwrite,
  lastzero,
  lazy01,
  lb,
  lengthParametric,
  lockinc,
  mcs,
  mp,
  msQueue,
  multiprodcon,
  mutexDeadlock,
  mutexOrder,
  mutexVsTrylock,
  myexample,
  nWriters,
  nWritesARead,
  optLock,
  peterson,
  phase01,
  philosophers,
  poke,
  popl14,
  pthreadDemo,
  publish,
  raceParametric,
  readers,
  redundantCo,
  reorder,
  rw,
  rwlock,
  s,
  safestack,
  satExample,
  sb,
  seqlock,
  sharedPtr,
  sigma,
  spinlock,
  stack,
  storeWaitNotify,
  szymanski,
  threadParametric,
  ticketlock,
  tokenRing,
  treiberAba,
  treiber,
  trylockUnlock,
  ttaslock,
  twostage,
  wainc,
  wcas,
  wrc,
  wronglock,
  ...COHERENCE,
  ...PRESETS,
];

export const PROGRAMS: ReadonlyMap<string, BenchProgram> = new Map(
  ALL.map((program) => [program.name, program]),
);
