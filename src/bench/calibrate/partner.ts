/** The second thread of a calibration: the main thread's partner in hand-offs and in bouncing a cache line. */
import { workerData } from "node:worker_threads";
import {
  awaitTurn,
  COMMAND,
  COMMAND_ABSENT,
  COMMAND_BOUNCE,
  COMMAND_HAND_OFF,
  COMMAND_IDLE,
  COMMAND_QUIT,
  ROUNDS,
  spinForTurn,
  TURN,
  TURN_MAIN,
  TURN_PARTNER,
  WAIT_MS,
} from "./partner-protocol.ts";

/** Idle seconds after which the partner takes the main thread for dead. */
const MAX_IDLE_WAITS = 600;

const words = workerData as Int32Array<SharedArrayBuffer>;
if (Atomics.load(words, COMMAND) === COMMAND_ABSENT) answer(COMMAND_IDLE);
for (let idle = 0; idle < MAX_IDLE_WAITS; idle++) {
  const command = Atomics.load(words, COMMAND);
  if (command === COMMAND_QUIT) break;
  if (command === COMMAND_IDLE) Atomics.wait(words, COMMAND, COMMAND_IDLE, WAIT_MS);
  else {
    idle = 0;
    if (command === COMMAND_HAND_OFF) handOff();
    if (command === COMMAND_BOUNCE) bounce();
    answer(COMMAND_IDLE);
  }
}

function answer(command: number): void {
  Atomics.store(words, COMMAND, command);
  Atomics.notify(words, COMMAND);
}

function handOff(): void {
  for (let left = Atomics.load(words, ROUNDS); left > 0 && awaitTurn(words, TURN_PARTNER); left--) {
    Atomics.store(words, TURN, TURN_MAIN);
    Atomics.notify(words, TURN);
  }
}

function bounce(): void {
  for (let left = Atomics.load(words, ROUNDS); left > 0 && spinForTurn(words, TURN_PARTNER); left--) {
    Atomics.store(words, TURN, TURN_MAIN);
  }
}
