/** The main thread's end of the second thread. */
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import {
  COMMAND,
  COMMAND_ABSENT,
  COMMAND_IDLE,
  COMMAND_QUIT,
  ROUNDS,
  TURN,
  TURN_MAIN,
  WAIT_MS,
  WORDS,
} from "./partner-protocol.ts";

/** Seconds a thread may take to start, on a machine that has other things to do. */
const START_WAITS = 10;

export class PartnerThread {
  readonly words: Int32Array<SharedArrayBuffer> = new Int32Array(new SharedArrayBuffer(WORDS * 4));
  readonly #worker: Worker;
  #lost = false;

  constructor() {
    Atomics.store(this.words, COMMAND, COMMAND_ABSENT);
    // Beside this file, in the sources as in the package.
    const file = `./partner${extname(fileURLToPath(import.meta.url))}`;
    this.#worker = new Worker(new URL(file, import.meta.url), { workerData: this.words });
    this.#worker.on("error", () => {
      this.#lost = true;
    });
    this.#worker.unref();
  }

  /** Has the partner do `rounds` of `command` with this thread. False: it does not answer, now or ever again. */
  begin(command: number, rounds: number): boolean {
    const { words } = this;
    for (let wait = 0; wait < START_WAITS && !this.#lost; wait++) {
      const state = Atomics.load(words, COMMAND);
      if (state === COMMAND_IDLE) {
        Atomics.store(words, TURN, TURN_MAIN);
        Atomics.store(words, ROUNDS, rounds);
        Atomics.store(words, COMMAND, command);
        Atomics.notify(words, COMMAND);
        return true;
      }
      Atomics.wait(words, COMMAND, state, WAIT_MS);
    }
    this.#lost = true;
    return false;
  }

  close(): void {
    Atomics.store(this.words, COMMAND, COMMAND_QUIT);
    Atomics.notify(this.words, COMMAND);
    void this.#worker.terminate();
  }
}
