/**
 * Steps on words: what each does, and the list of words that an execution has written, by which the next one begins afresh.
 *
 * Also the digest of memory: a sum over written words that differ from their first value, so it costs what was written and
 * does not depend on the order.
 */
import { EAGAIN } from "../../atomics/errno.ts";
import { mix } from "../mix.ts";
import type { Bare } from "./bare.ts";
import {
  OP_ADD,
  OP_CAS,
  OP_CAS64,
  OP_COPY_IN,
  OP_COPY_OUT,
  OP_LOAD,
  OP_LOAD64,
  OP_PLAIN_LOAD,
  OP_PLAIN_STORE,
  OP_STORE,
  OP_STORE64,
  OP_XCHG,
  OP_XCHG64,
  type Request,
} from "./request.ts";

export class WordSteps {
  declare private readonly bare: Bare;
  declare private readonly words: Uint32Array;
  declare private readonly initial: Uint32Array;
  declare private readonly dirty: Int32Array;
  declare private readonly isDirty: Uint8Array;
  #count = 0;

  constructor(bare: Bare) {
    this.bare = bare;
    this.words = bare.words;
    this.initial = bare.words.slice();
    this.dirty = new Int32Array(bare.words.length);
    this.isDirty = new Uint8Array(bare.words.length);
  }

  /** Every word as it was when the layout was done. */
  reset(): void {
    for (let i = 0; i < this.#count; i++) {
      const word = this.dirty[i]!;
      this.words[word] = this.initial[word]!;
      this.isDirty[word] = 0;
    }
    this.#count = 0;
  }

  hash(seed: number): number {
    let sum = seed;
    for (let i = 0; i < this.#count; i++) {
      const word = this.dirty[i]!;
      const value = this.words[word]!;
      if (value !== this.initial[word]!) sum = (sum + mix(mix(seed, word), value)) | 0;
    }
    return sum;
  }

  /** Carries out what `request` says and leaves the answer in it. */
  perform(request: Request, op: number): void {
    const words = this.words;
    const at = request.a;
    switch (op) {
      case OP_LOAD:
      case OP_PLAIN_LOAD:
        request.result.value = words[at]!;
        return;
      case OP_STORE:
      case OP_PLAIN_STORE:
        this.#store(at, request.b);
        request.result.value = 0;
        return;
      case OP_CAS: {
        const found = words[at]!;
        this.bare.observed32 = found;
        const same = found === request.b >>> 0;
        if (same) this.#store(at, request.c);
        request.result.value = same ? 0 : -EAGAIN;
        return;
      }
      case OP_XCHG:
        request.result.value = words[at]!;
        this.#store(at, request.b);
        return;
      case OP_ADD:
        request.result.value = words[at]!;
        this.#store(at, words[at]! + request.b);
        return;
      default:
        this.#performWide(request, op);
    }
  }

  #performWide(request: Request, op: number): void {
    const { longs } = this.bare;
    const at = request.a >> 1;
    const found = longs[at]!;
    const { answer } = request.wide;
    switch (op) {
      case OP_LOAD64:
        answer.result.value = found;
        return;
      case OP_STORE64:
        this.#storeWide(at, request.x);
        request.result.value = 0;
        return;
      case OP_CAS64: {
        this.bare.observed64 = found;
        const same = found === request.x;
        if (same) this.#storeWide(at, request.y);
        request.result.value = same ? 0 : -EAGAIN;
        return;
      }
      case OP_XCHG64:
        answer.result.value = found;
        this.#storeWide(at, request.x);
        return;
      case OP_COPY_OUT:
        request.bytes.set(new Uint8Array(this.bare.buffer, 4 * request.a, request.bytes.length));
        request.result.value = 0;
        return;
      case OP_COPY_IN:
        for (let i = 0; i < request.b; i++) this.#mark(request.a + i);
        new Uint8Array(this.bare.buffer).set(request.bytes, 4 * request.a);
        request.result.value = 0;
    }
  }

  #store(word: number, value: number): void {
    this.#mark(word);
    this.words[word] = value;
  }

  #storeWide(long: number, value: bigint): void {
    this.#mark(2 * long);
    this.#mark(2 * long + 1);
    this.bare.longs[long] = value;
  }

  #mark(word: number): void {
    if (this.isDirty[word] !== 0) return;
    this.isDirty[word] = 1;
    this.dirty[this.#count++] = word;
  }
}
