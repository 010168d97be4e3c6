/**
 * Errors a user of the host operations, of a kernel CPU or of the library mode can meet. The message names the bad value.
 *
 * | code               | when                                                                                       |
 * |--------------------|--------------------------------------------------------------------------------------------|
 * | ERR_HOST_LAYOUT    | the sizes a host is created with are not usable                                             |
 * | ERR_HOST_HANDLE    | something is not a handle of its kind, or was freed                                         |
 * | ERR_HOST_ENTRY     | a function is not in the image, so that no other thread could find it                       |
 * | ERR_HOST_PANIC     | a host thread called panic                                                                  |
 * | ERR_HOST_STUCK     | nobody can go on any more; only the deterministic host can tell                             |
 * | ERR_DEAD_FRAME     | a jump to a frame that has returned                                                         |
 * | ERR_CONTENTION     | a word changed under a compare-and-exchange more often than any number of threads explains  |
 * | ERR_NOT_OWNER      | a token was used that was given back or away, or whose CPU belongs to somebody else         |
 * | ERR_DEPTH          | a CPU was entered too often by its own owner, or is handed on while entered more than once  |
 * | ERR_IRQS_OFF       | a CPU is given back with its interrupts off                                                 |
 * | ERR_IRQ_LINE       | a number is no interrupt line                                                               |
 * | ERR_IRQ_STORM      | a handler triggers its own line without end                                                 |
 */
export type LklErrorCode =
  | "ERR_HOST_LAYOUT"
  | "ERR_HOST_HANDLE"
  | "ERR_HOST_ENTRY"
  | "ERR_HOST_PANIC"
  | "ERR_HOST_STUCK"
  | "ERR_DEAD_FRAME"
  | "ERR_CONTENTION"
  | "ERR_NOT_OWNER"
  | "ERR_DEPTH"
  | "ERR_IRQS_OFF"
  | "ERR_IRQ_LINE"
  | "ERR_IRQ_STORM";

export class LklError extends Error {
  readonly code: LklErrorCode;
  constructor(code: LklErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "LklError";
    this.code = code;
  }
}
