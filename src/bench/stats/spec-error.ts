/** A piece of text that was to describe a load and does not. */
export class SpecError extends Error {
  readonly code = "ERR_SPEC";
  /** The part that is wrong. */
  readonly token: string;

  constructor(token: string, wanted: string) {
    super(`"${token}" is not ${wanted}`);
    this.name = "SpecError";
    this.token = token;
  }
}
