/**
 * What tasks are called in dumps and traces. A name is only made up when somebody reads it: of a million tasks most are never
 * named, and their names would take as much room as the rest that the kernel keeps of them outside its tables.
 */

/** Something that knows its name, and need not know it before it is asked. */
export interface Named {
  readonly name: string;
}

export class TaskNames {
  readonly #given: (string | Named | undefined)[] = ["idle"];

  /** undefined: it has none of its own. */
  set(tid: number, name: string | Named | undefined): void {
    this.#given[tid] = name;
  }

  /** The name of a task: "task-<tid>" unless it was given one. */
  of(tid: number): string {
    const given = this.#given[tid];
    return typeof given === "object" ? given.name : (given ?? `task-${tid}`);
  }
}
