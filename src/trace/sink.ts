/**
 * What a consumer of events looks like.
 *
 * Six numbers rather than an object or a position in the ring: no allocation, and a sink can be tested by
 * calling it. Rejected: handing out the ring's typed arrays and a range (it would
 * save a call of some 15 ns an event, but every sink would then know the record's layout and the wrap).
 */

/**
 * Receives events in the order of emission, each exactly once. A sink must not emit, flush, or add and
 * remove sinks from within `event`.
 */
export interface TraceSink {
  event(timeNs: number, kind: number, cpu: number, tid: number, arg0: number, arg1: number): void;
}
