/**
 * Thread-local storage: a value for each thread and key, and what is done with it when the thread ends.
 *
 * A key is two words: whether it is taken, and its destructor as a number of the image, plus 1. Both are written under the
 * lock of the keys. A value is a word of its thread's record, which that thread alone writes, but for `keyFree`.
 *
 * A destructor runs on the thread that ends, before anybody can learn that it has ended. It may set values again, its own
 * and others' (lkl.md, R25): there are as many rounds as POSIX promises, and what is set in the last one is dropped.
 */
import { type Addr, offsetBy } from "../../../atomics/address.ts";
import { EINVAL } from "../../../atomics/errno.ts";
import type { Coroutine } from "../../../atomics/step.ts";
import type { HostImage, HostOperations } from "./host-operations.ts";
import type { HostWords } from "./host-words.ts";
import { type HostLayout, KEY_WORDS, THREAD_WORDS } from "./layout.ts";
import { threadRecord } from "./threads.ts";
import { wordAt } from "./words.ts";

/** PTHREAD_DESTRUCTOR_ITERATIONS. */
const DESTRUCTOR_ROUNDS = 4;

const TAKEN = 0;
const DESTRUCTOR = 1;

function keyRecord({ keys }: HostLayout, key: number): Addr {
  return offsetBy(keys, (key - 1) * KEY_WORDS * 4);
}

function valueWord(layout: HostLayout, slot: number, key: number): Addr {
  return wordAt(threadRecord(layout, slot), THREAD_WORDS + key - 1);
}

const isKey = ({ sizes }: HostLayout, key: number): boolean =>
  Number.isInteger(key) && key >= 1 && key <= sizes.keys;

/** A key, or 0. `destructor`: a number of the image, or -1. The caller has the lock of the keys. */
export function* keyTake({ memory }: HostWords, layout: HostLayout, destructor: number): Coroutine<number> {
  for (let key = 1; key <= layout.sizes.keys; key++) {
    const record = keyRecord(layout, key);
    if ((yield* memory.load32(wordAt(record, TAKEN))) !== 0) continue;
    yield* memory.store32(wordAt(record, DESTRUCTOR), destructor + 1);
    yield* memory.store32(wordAt(record, TAKEN), 1);
    return key;
  }
  return 0;
}

/** 0, -EINVAL. The caller has the lock of the keys. */
export function* keyFree({ memory }: HostWords, layout: HostLayout, key: number): Coroutine<number> {
  if (!isKey(layout, key)) return -EINVAL;
  const record = keyRecord(layout, key);
  if ((yield* memory.load32(wordAt(record, TAKEN))) === 0) return -EINVAL;
  // First, so that no thread that ends meanwhile runs it.
  yield* memory.store32(wordAt(record, DESTRUCTOR), 0);
  for (let slot = 1; slot <= layout.sizes.threads; slot++) {
    yield* memory.store32(valueWord(layout, slot, key), 0);
  }
  yield* memory.store32(wordAt(record, TAKEN), 0);
  return 0;
}

export function* valueSet(
  words: HostWords,
  layout: HostLayout,
  key: number,
  value: number,
): Coroutine<number> {
  const { memory, self } = words;
  if (!isKey(layout, key)) return -EINVAL;
  if ((yield* memory.load32(wordAt(keyRecord(layout, key), TAKEN))) === 0) return -EINVAL;
  yield* memory.store32(valueWord(layout, self, key), value);
  return 0;
}

export function* valueGet({ memory, self }: HostWords, layout: HostLayout, key: number): Coroutine<number> {
  return isKey(layout, key) ? yield* memory.load32(valueWord(layout, self, key)) : 0;
}

/** Runs the destructors of the calling thread, which ends, and leaves it without values. */
export function* runDestructors(host: HostOperations, layout: HostLayout, image: HostImage): Coroutine<void> {
  const { memory, self } = host.words;
  for (let round = 0; round < DESTRUCTOR_ROUNDS; round++) {
    let ran = false;
    for (let key = 1; key <= layout.sizes.keys; key++) {
      const value = yield* memory.xchg32(valueWord(layout, self, key), 0);
      if (value === 0) continue;
      const destructor = yield* memory.load32(wordAt(keyRecord(layout, key), DESTRUCTOR));
      if (destructor === 0) continue;
      ran = true;
      yield* image.entries[destructor - 1]!(host, value);
    }
    if (!ran) return;
  }
  for (let key = 1; key <= layout.sizes.keys; key++) {
    yield* memory.store32(valueWord(layout, self, key), 0);
  }
}
