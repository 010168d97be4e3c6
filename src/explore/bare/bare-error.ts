/** What is thrown at those who use bare mode wrongly, and by a program whose check fails. */
export class BareError extends Error {
  readonly code: "ERR_CHECK" | "ERR_PROGRAM" | "ERR_MEMORY";
  constructor(code: BareError["code"], message: string) {
    super(message);
    this.name = "BareError";
    this.code = code;
  }
}
