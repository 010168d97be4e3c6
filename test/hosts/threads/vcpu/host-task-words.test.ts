/** The words of host tasks, by one thread that is main and a CPU. */
import { expect, test } from "vitest";
import { HostTaskWords } from "../../../../src/hosts/threads/vcpu/host-task-words.ts";

const SLOT = 1;

/** Task 7 has the Worker of the slot. */
function make(): HostTaskWords {
  const words = new HostTaskWords(HostTaskWords.create(2));
  words.claim(SLOT);
  words.setTid(SLOT, 7);
  return words;
}

/** By the CPU, when the task has ended, and its thread. */
function end(words: HostTaskWords): void {
  words.setTid(SLOT, 0);
  words.free(SLOT);
}

test("a Worker is one task's after the other's", () => {
  const words = make();
  expect([words.isTaken(SLOT), words.claim(SLOT)]).toEqual([true, false]);
  end(words);
  expect([words.isTaken(SLOT), words.claim(SLOT), words.isTaken(SLOT)]).toEqual([false, true, true]);
});

test("one that is to be ended is nobody's any more, whoever ends first", () => {
  const words = make();
  expect(words.doomOf(SLOT, 7)).toBe(true);
  end(words);
  expect([words.isTaken(SLOT), words.claim(SLOT)]).toEqual([false, false]);
});

test("one whose task has ended is not ended for it, and is another's", () => {
  const words = make();
  end(words);
  expect([words.doomOf(SLOT, 7), words.claim(SLOT)]).toEqual([false, true]);
});

test("one whose task ends as main looks is nobody's before it is ended", () => {
  const words = make();
  const tid = words.tid.bind(words);
  let claimed: boolean | undefined;
  words.tid = (slot) => {
    const found = tid(slot);
    end(words);
    claimed = words.claim(slot);
    return found;
  };
  expect([words.doomOf(SLOT, 7), claimed, words.claim(SLOT)]).toEqual([true, false, false]);
});
