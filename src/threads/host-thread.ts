/**
 * The module that every Worker of a runtime runs: one thread after the other, each a call of a function of the user's.
 *
 * A Worker that is no thread waits as a thread does, for its turn: who spawns one makes a slot ready that has a Worker, and the
 * scheduler does the rest. A function's module is loaded once, and without a CPU, because it takes milliseconds.
 *
 * Between two threads the Worker's event loop does not turn: what a thread leaves in it does not run.
 */
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { textOf } from "../diagnostics/text-of.ts";
import { runToEnd } from "../hosts/threads/run-to-end.ts";
import { WorkerWords } from "../hosts/threads/worker-words.ts";
import { FOREVER } from "../kernel-sim/times.ts";
import { ring } from "./bell.ts";
import { Board } from "./board.ts";
import { begin, finish, isTorn } from "./current.ts";
import {
  CALLER,
  ID,
  JOB,
  layOutThreads,
  NEXT_TID,
  OWNER,
  PHASE,
  PHASE_ENDED,
  PHASE_FREE,
  REASON,
  RESULT,
  RESULT_VALUE,
  TEXT,
  TEXT_LENGTH,
  WAIT_CALL,
  WAIT_JOIN,
} from "./layout.ts";
import { type Code, type FromThread, READY_MESSAGE, type ThreadStart, type ToThread } from "./messages.ts";
import { loadPolicy } from "./policies/index.ts";
import { Scheduler } from "./scheduler.ts";
import { putText, textOfThrown } from "./texts.ts";
import {
  kindOfResult,
  RESULT_ASYNC,
  RESULT_IN_PORT,
  RESULT_NOT_CLONED,
  RESULT_NOT_LOADED,
  RESULT_NUMBER,
  RESULT_THROWN,
  takeArguments,
} from "./values.ts";

/** What was thrown. A clone keeps neither the name nor the code of an error that is not of the language's own. */
class Thrown {
  readonly error: unknown;
  readonly name: unknown;
  readonly code: unknown;
  constructor(error: unknown) {
    this.error = error;
    if (!(error instanceof Error)) return;
    this.name = error.name;
    this.code = "code" in error ? error.code : undefined;
  }
}

type Body = (...values: unknown[]) => unknown;

interface Outcome {
  readonly kind: number;
  readonly value?: unknown;
}

const start = workerData as ThreadStart;
const { buffer, slot, port } = start;
const words = new WorkerWords(buffer, slot, () => undefined);
const layout = layOutThreads(start.sizes);
const board = new Board(
  layout,
  await loadPolicy(start.policy),
  new Int32Array(buffer),
  new Float64Array(buffer),
);
const scheduler = new Scheduler(words, board, start.spinNs, true, start.lockSpins);
const record = board.record(slot);
const codes = new Map<number, Code>(start.codes.map((code) => [code.number, code]));
const bodies = new Map<number, Body>();

parentPort!.postMessage(READY_MESSAGE);

for (let idle = false; ; ) {
  runToEnd(scheduler.awaitTurn(idle, FOREVER));
  const code = board.words[record + JOB]!;
  const values = takeArguments(board, record) ?? receiveArguments(board.words[record + ID]!);
  const body = bodies.get(code);
  // No promise where none is needed: it would cost more than the hand-over.
  idle = settle(body === undefined ? await loadAndRun(code, values) : run(body, values));
}

async function loadAndRun(code: number, values: readonly unknown[]): Promise<Outcome> {
  runToEnd(scheduler.block());
  const loaded = await load(code);
  runToEnd(scheduler.unblock());
  return typeof loaded === "function" ? run(loaded, values) : loaded;
}

async function load(number: number): Promise<Body | Outcome> {
  try {
    // What was defined since this Worker began is in the port.
    while (!codes.has(number)) receive();
    const code = codes.get(number)!;
    const module = (await import(code.url)) as Record<string, unknown>;
    const body = module[code.export];
    if (typeof body !== "function") throw new TypeError(`${code.url} exports no function ${code.export}`);
    bodies.set(number, body as Body);
    return body as Body;
  } catch (error) {
    return { kind: RESULT_NOT_LOADED, value: new Thrown(error) };
  }
}

function run(body: Body, values: readonly unknown[]): Outcome {
  begin(scheduler);
  try {
    const value = body(...values);
    if (isTorn()) throw new Error("the thread has caught what a call threw half way through");
    if (typeof value === "object" && value !== null && "then" in value) return { kind: RESULT_ASYNC };
    return { kind: kindOfResult(value), value };
  } catch (error) {
    // Nobody catches it here: the Worker dies of it, and what it leaves is put right as after any death.
    if (isTorn()) throw error;
    return { kind: RESULT_THROWN, value: new Thrown(error) };
  } finally {
    finish();
  }
}

/** The thread is over. Whether its CPU idles now. */
function settle(outcome: Outcome): boolean {
  const thread = board.words[record + ID]!;
  let caller = OWNER;
  const kind = outcome.kind >= RESULT_IN_PORT ? send(thread, outcome) : outcome.kind;
  const idle = runToEnd(
    scheduler.end((nowNs) => {
      caller = board.words[record + CALLER]!;
      board.words[record + RESULT] = kind;
      if (kind === RESULT_NUMBER) board.times[(record >> 1) + RESULT_VALUE] = outcome.value as number;
      // One whose caller has died meanwhile is nobody's.
      const orphan = caller === OWNER && thread < 0;
      board.words[record + PHASE] = orphan ? PHASE_FREE : PHASE_ENDED;
      if (caller !== OWNER && waitsFor(caller, thread)) board.wake(caller, 0, nowNs);
    }),
  );
  if (caller === OWNER) runToEnd(ring(words));
  return idle;
}

function waitsFor(parent: number, child: number): boolean {
  const at = board.record(parent);
  const reason = board.words[at + REASON]!;
  if (!board.isWaiting(parent) || (reason !== WAIT_CALL && reason !== WAIT_JOIN)) return false;
  return board.words[at + NEXT_TID] === child;
}

/** Puts a result into the port, or as a text where a parent looks, or would if it were there. What kind it is there. */
function send(thread: number, { kind, value }: Outcome): number {
  if (thread < 0) {
    const text = value instanceof Thrown ? textOfThrown(value.error) : typeof value;
    putText(board.words, record + TEXT, record + TEXT_LENGTH, text);
    return kind;
  }
  try {
    port.postMessage({ thread, value } satisfies FromThread);
    return kind;
  } catch (error) {
    const text = value instanceof Thrown ? textOf(value.error) : String(error);
    port.postMessage({ thread, value: { error: text } } satisfies FromThread);
    return kind === RESULT_IN_PORT ? RESULT_NOT_CLONED : kind;
  }
}

/** Takes a message that is known to be there. Arguments that are not those of `thread` were for one that was never begun. */
function receive(): ToThread {
  const message = receiveMessageOnPort(port)?.message as ToThread | undefined;
  if (message === undefined) throw new Error("a message is missing");
  if (message.kind === "code") codes.set(message.code.number, message.code);
  return message;
}

function receiveArguments(thread: number): readonly unknown[] {
  for (;;) {
    const message = receive();
    if (message.kind === "arguments" && message.thread === thread) return message.values;
  }
}
