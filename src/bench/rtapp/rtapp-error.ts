/** A description of tasks that cannot be read, or that asks for what is not simulated. */
export class RtappError extends Error {
  readonly code = "ERR_RTAPP";
  /** Keys from the outermost to the bad one, e.g. "tasks.thread0.phases.p1.run". */
  readonly path: string;
  readonly line: number;

  constructor(path: string, line: number, problem: string) {
    super(`line ${line}${path === "" ? "" : `, ${path}`}: ${problem}`);
    this.name = "RtappError";
    this.path = path;
    this.line = line;
  }

  /** The same, said of a file. */
  in(file: string): this {
    this.message = `"${file}", ${this.message}`;
    return this;
  }
}
