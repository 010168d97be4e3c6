/**
 * The requests of a run in order of arrival: when each came, how much service it needs, when it left. Room doubles when it
 * is used up.
 */
/** `leftNs` of a request that is still in the system, and of one that found no free worker. */
export const INSIDE: number = Number.POSITIVE_INFINITY;
export const DROPPED = -1;

export class RequestLog {
  arrivedNs: Float64Array = new Float64Array(1024);
  serviceNs: Float64Array = new Float64Array(1024);
  leftNs: Float64Array = new Float64Array(1024);
  count = 0;
  completed = 0;
  dropped = 0;

  /** Returns the request's number. */
  arrive(atNs: number, serviceNs: number): number {
    if (this.count === this.arrivedNs.length) this.#grow();
    this.arrivedNs[this.count] = atNs;
    this.serviceNs[this.count] = serviceNs;
    this.leftNs[this.count] = INSIDE;
    return this.count++;
  }

  drop(request: number): void {
    this.leftNs[request] = DROPPED;
    this.dropped++;
  }

  complete(request: number, atNs: number): void {
    this.leftNs[request] = atNs;
    this.completed++;
  }

  /** Requests in the system. */
  get inside(): number {
    return this.count - this.completed - this.dropped;
  }

  #grow(): void {
    const wider = (old: Float64Array): Float64Array => {
      const wide = new Float64Array(2 * old.length);
      wide.set(old);
      return wide;
    };
    this.arrivedNs = wider(this.arrivedNs);
    this.serviceNs = wider(this.serviceNs);
    this.leftNs = wider(this.leftNs);
  }
}
