/** A test wants what the threads host does not have. */
export class NotHere extends Error {
  readonly code = "ERR_NOT_HERE";
  constructor(reason: string) {
    super(`not on threads: ${reason}`);
    this.name = "NotHere";
  }
}
