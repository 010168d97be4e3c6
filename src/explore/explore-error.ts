/** An option that cannot be, a schedule that is of another program, a search that a system is not made for: a stable `code`. */
export class ExploreError extends Error {
  readonly code: "ERR_EXPLORE_OPTION" | "ERR_SCHEDULE_MISMATCH" | "ERR_UNSUPPORTED";
  constructor(code: ExploreError["code"], message: string) {
    super(message);
    this.name = "ExploreError";
    this.code = code;
  }
}
