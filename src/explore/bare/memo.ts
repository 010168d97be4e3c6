/**
 * What the bodies of a pure program do, learned while they run, so that an execution that does nothing new needs no generators.
 *
 * A body that touches nothing but what it yields is a function of the answers it has had. So a thread is a tree: a node is what it
 * asks for next (or its end), an edge an answer. An execution takes the node's step, and follows the edge of the answer. Where
 * there is no edge yet, a generator is made, given the answers on the way to the node, and asked; what it asks for is the
 * new node. Taking a step so costs a third of resuming a generator for it.
 *
 * Purity cannot be seen in JavaScript: a program declares it (`BareOptions.pure`). It is held to that: the executions number 0, 1, 2, 4,
 * 8 ... and each 256th are made with generators, as are those that show a violation, and what each asks for is compared with what is
 * known. What differs is a NondeterminismError.
 *
 * What a generator lends out is never kept, since its locals may change when it goes on: the predicate of an await is asked about
 * a value while its generator stands there, and the answer is kept; the body of a child is taken from its
 * parent when that stands at the spawn.
 *
 * Bounded: after MAX_NODES nothing more is learned, and what is not known is run by generators. If most threads come to that, looking
 * things up first is a waste, and it ends.
 *
 * Rejected: keying local states by their digests, so that loops close (a digest may lie, and a tree tells how a generator gets
 * there); copying generators (JavaScript cannot).
 */
import { EAGAIN } from "../../atomics/errno.ts";
import type { Coroutine } from "../../atomics/step.ts";
import { ask } from "./asking.ts";
import type { Bare } from "./bare.ts";
import { type Answer, Known } from "./known.ts";
import {
  type Body,
  OP_CAS,
  OP_CAS64,
  OP_COPY_OUT,
  OP_LOAD64,
  OP_NONE,
  OP_XCHG64,
  Request,
} from "./request.ts";

/** Some 10 MB. */
const MAX_NODES = 1 << 16;
/** Every so many executions one is made with generators. */
const CHECKED = 256;

/** Told of a body that does not do what it did after the same answers. Throws. */
export type Differs = (request: Request, known: Known) => never;

export class Memo {
  /** The execution under way is made with generators. */
  checking = false;
  readonly #bare: Bare;
  readonly #differs: Differs;
  readonly #limit: number;
  /** Begins of the threads that the program starts with. */
  readonly #begins: Known[] = [];
  #nodes = 0;
  #wanted = false;
  #executions = 0;
  #begun = 0;
  #brought = 0;

  constructor(bare: Bare, differs: Differs, limit: number = MAX_NODES) {
    this.#bare = bare;
    this.#differs = differs;
    this.#limit = limit;
  }

  /** The next execution is to be made with generators. */
  checkNext(): void {
    this.#wanted = true;
  }

  /** An execution begins. False: what is known is of no use. */
  begin(): boolean {
    const number = this.#executions++;
    this.checking = this.#wanted || isChecked(number);
    this.#wanted = false;
    if (number % CHECKED !== 0) return true;
    const useful = this.#nodes < this.#limit || 2 * this.#brought < this.#begun;
    this.#begun = 0;
    this.#brought = 0;
    return useful;
  }

  /** Another execution goes on where this one is left. False: it is to be made with generators, so it has to begin. */
  goesOn(): boolean {
    if (this.#wanted || isChecked(this.#executions)) return false;
    this.#executions++;
    return true;
  }

  /** A thread that the program starts with. */
  beginOf(request: Request): Known {
    this.#begins[request.actor] ??= beginning(undefined, request.actor, 0);
    return this.#begins[request.actor]!;
  }

  /** Of the child that the step `spawn` brings into being. */
  beginOfChild(spawn: Known, child: Request): Known {
    spawn.child ??= beginning(spawn, child.actor, child.argument);
    return spawn.child;
  }

  /** To the first step of a thread. */
  start(request: Request, begin: Known): void {
    this.#begun++;
    const first = this.checking ? undefined : begin.after(0);
    if (first !== undefined) {
      request.coroutine = undefined;
      take(request, first);
      return;
    }
    request.coroutine = (request.body ?? this.#bodyOf(begin))(
      request.actor,
      request.argument,
    ) as Coroutine<unknown>;
    this.#learn(request, begin, 0);
  }

  /** From the step `known`, which was answered, to the next. */
  goOn(request: Request, known: Known): void {
    const { rest, op } = known;
    if (request.coroutine === undefined) {
      let next: Known | undefined;
      if (rest !== undefined) next = known.after(answerTo(this.#bare, request, op));
      else next = known.afterNumber(op === OP_CAS ? this.#bare.observed32 : request.result.value);
      if (next !== undefined) {
        take(request, next);
        return;
      }
      this.#bring(request, known);
    }
    this.#learn(request, known, answerTo(this.#bare, request, op));
  }

  /** Whether `request`, which awaits a value, takes this one. */
  accepts(request: Request, known: Known, value: number): boolean {
    known.accepted ??= new Map();
    const met = known.accepted.get(value);
    if (met !== undefined && request.coroutine === undefined) return met;
    if (request.coroutine === undefined) this.#bring(request, known);
    const accepted = request.predicate(value);
    if (met !== undefined && met !== accepted) this.#differs(request, known);
    if (met === undefined && this.#nodes < this.#limit) {
      this.#nodes++;
      known.accepted.set(value, accepted);
    }
    return accepted;
  }

  /** Lets a generator go on that stands at `known`, and notes where that leads. */
  #learn(request: Request, known: Known, answer: Answer): void {
    ask(this.#bare, request);
    const next = known.after(answer);
    request.node = next;
    if (next !== undefined) {
      if (!next.says(request)) this.#differs(request, next);
    } else if (this.#nodes < this.#limit) {
      this.#nodes++;
      request.node = new Known(known, answer, request);
      known.add(request.node);
    }
  }

  /** Makes a generator for `request` and brings it to `known`. The answer that the request holds stays there. */
  #bring(request: Request, known: Known): void {
    this.#brought++;
    const bare = this.#bare;
    const path: Known[] = [];
    let begin = known;
    for (; begin.op !== OP_NONE; begin = begin.parent!) path.push(begin);
    const { result, wide } = request;
    const held = result.value;
    const heldWide = wide.answer.result.value;
    const { observed32, observed64 } = bare;
    const copied = known.op === OP_COPY_OUT ? request.bytes : undefined;
    request.coroutine = (request.body ?? this.#bodyOf(begin))(begin.a, begin.b) as Coroutine<unknown>;
    for (const step of path.reverse()) {
      if (step.parent !== begin) give(bare, request, step.parent!.op, step.answer);
      ask(bare, request);
      if (!step.says(request)) this.#differs(request, step);
    }
    result.value = held;
    wide.answer.result.value = heldWide;
    bare.observed32 = observed32;
    bare.observed64 = observed64;
    if (copied !== undefined) request.bytes.set(copied);
  }

  #bodyOf(begin: Known): Body {
    if (begin.parent === undefined) return this.#bare.threads[begin.a]!.body;
    const parent = new Request(-1);
    this.#bring(parent, begin.parent);
    return parent.child!;
  }
}

function isChecked(execution: number): boolean {
  return (execution & (execution - 1)) === 0 || execution % CHECKED === 0;
}

/** The step of a thread as it is known. */
export function take(request: Request, known: Known): void {
  request.node = known;
  request.op = known.op;
  request.a = known.a;
  request.b = known.b;
  request.c = known.c;
  const { rest } = known;
  if (rest === undefined) return;
  request.x = rest.x;
  request.y = rest.y;
  request.bytes = rest.bytes;
  request.returned = rest.returned;
  request.failure = rest.failure;
}

function beginning(spawn: Known | undefined, actor: number, argument: number): Known {
  const request = new Request(actor);
  request.argument = argument;
  return new Known(spawn, 0, request);
}

/** What the step `op` of `request` was answered. */
function answerTo({ observed32, observed64 }: Bare, request: Request, op: number): Answer {
  switch (op) {
    case OP_CAS:
      return observed32;
    case OP_CAS64:
      return observed64;
    case OP_LOAD64:
    case OP_XCHG64:
      return request.wide.answer.result.value;
    case OP_COPY_OUT:
      return request.bytes.join();
    default:
      return request.result.value;
  }
}

/** The other way round. */
function give(bare: Bare, request: Request, op: number, answer: Answer): void {
  const { result } = request;
  if (typeof answer === "string") {
    if (answer !== "") request.bytes.set(answer.split(",").map(Number));
    result.value = 0;
  } else if (op === OP_CAS) {
    bare.observed32 = answer as number;
    result.value = answer === request.b >>> 0 ? 0 : -EAGAIN;
  } else if (op === OP_CAS64) {
    bare.observed64 = answer as bigint;
    result.value = answer === request.x ? 0 : -EAGAIN;
  } else if (typeof answer === "bigint") request.wide.answer.result.value = answer;
  else result.value = answer;
}
