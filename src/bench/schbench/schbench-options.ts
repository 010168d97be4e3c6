/** What schbench is asked to do, by the meaning of its own letters. */
export interface SchbenchOptions {
  /** -m: message threads. */
  readonly messageThreads: number;
  /** -t: workers of each message thread. */
  readonly workers: number;
  /** -r and -w: virtual seconds of the whole run, and of those at its start whose statistics are thrown away. */
  readonly runtimeS: number;
  readonly warmUpS: number;
  /** -n: matrix multiplications of a request. */
  readonly operations: number;
  /** -F: kB that a worker's three matrices take. */
  readonly footprintKb: number;
  /** -s: us that a request sleeps before it computes. */
  readonly sleepUs: number;
  /** -R: requests a second of each message thread; 0: as fast as the workers ask. */
  readonly requestsPerS: number;
  /** -L off: a worker computes under the lock of the CPU it is on. */
  readonly locking: boolean;
  /** -C: latencies are those of the matrix work alone, without locks and sleep. */
  readonly calibrate: boolean;
  /** -p: bytes sent to and fro instead of requests; 0: requests. */
  readonly pipeBytes: number;
  /** -M and -W: CPUs the message threads are pinned to, one each in turn, and CPUs the workers may use. */
  readonly messageCpus: readonly number[] | undefined;
  readonly workerCpus: readonly number[] | undefined;
}

/**
 * One multiplication and addition of the naive matrix product, ns. A 256 kB footprint is three matrices of 104 x 104 words,
 * and schbench's own documents show 5 products of those taking 16.9 ms: 3 ns for each of the 5.6 million.
 */
const NS_PER_MULTIPLY_ADD = 3;
/** Writing to memory that is in a cache, bytes a ns. */
const BYTES_PER_NS = 10;

/** Rows of a matrix when three of them, of 8-byte words, take `footprintKb`. */
export function matrixSize(footprintKb: number): number {
  return Math.floor(Math.sqrt((footprintKb * 1024) / 3 / 8));
}

/** CPU time of a request's work, ns. */
export function workNs({ operations, footprintKb }: SchbenchOptions): number {
  return operations * matrixSize(footprintKb) ** 3 * NS_PER_MULTIPLY_ADD;
}

/** CPU time of filling the buffer of a pipe test, ns. */
export function fillNs({ pipeBytes }: SchbenchOptions): number {
  return Math.ceil(pipeBytes / BYTES_PER_NS);
}
