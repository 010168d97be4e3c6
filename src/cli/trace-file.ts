/**
 * A file that is there whole or not at all: written under a temporary name beside its place, renamed at the end.
 *
 * Opening fails before anything expensive has been done. A link is followed, so that its target is replaced and not the
 * link; a device or a pipe (/dev/stdout) is written directly, because a rename would put a file in its place.
 */
import { randomBytes } from "node:crypto";
import {
  accessSync,
  closeSync,
  constants,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { TraceFileError } from "./errors.ts";

export class TraceFile {
  readonly path: string;
  readonly #target: string;
  /** Undefined: written directly. */
  readonly #temporary: string | undefined;
  #fd: number | undefined;

  /** Throws TraceFileError when `path` cannot be written. */
  constructor(path: string) {
    this.path = path;
    try {
      const existing: Stats | undefined = statSync(path, { throwIfNoEntry: false });
      // Nothing would complain before the rename.
      if (existing === undefined && /[/\\]$/.test(path)) throw new Error("ENOENT: no such directory");
      this.#target = existing === undefined ? path : realpathSync(path);
      if (existing === undefined || existing.isFile()) {
        // A rename would replace a file that is protected against writing.
        if (existing !== undefined) accessSync(this.#target, constants.W_OK);
        this.#temporary = join(dirname(this.#target), `.umcg-${randomBytes(6).toString("hex")}.tmp`);
      }
      this.#fd = openSync(this.#temporary ?? this.#target, this.#temporary === undefined ? "w" : "wx");
    } catch (cause) {
      throw new TraceFileError(path, cause);
    }
  }

  /** Throws TraceFileError. */
  write(text: string): void {
    try {
      writeFileSync(this.#fd!, text);
    } catch (cause) {
      throw new TraceFileError(this.path, cause);
    }
  }

  /** Puts the file in its place. Throws TraceFileError. */
  commit(): void {
    try {
      closeSync(this.#fd!);
      this.#fd = undefined;
      if (this.#temporary !== undefined) renameSync(this.#temporary, this.#target);
    } catch (cause) {
      this.#remove();
      throw new TraceFileError(this.path, cause);
    }
  }

  /** Removes what has been written, unless it was committed. */
  discard(): void {
    if (this.#fd === undefined) return;
    closeSync(this.#fd);
    this.#fd = undefined;
    this.#remove();
  }

  #remove(): void {
    if (this.#temporary !== undefined) rmSync(this.#temporary, { force: true });
  }
}
