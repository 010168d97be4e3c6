/** The locks of the kernel, by one thread that plays two CPUs and main. */
import { describe, expect, test } from "vitest";
import { KernelLock, MachineGone } from "../../../../src/hosts/threads/vcpu/kernel-lock.ts";
import {
  LOCK_BUCKET,
  LOCK_EPOLL,
  LOCK_FILE,
  LOCK_OBJECTS,
  LOCK_QUEUE,
  LockOrder,
} from "../../../../src/hosts/threads/vcpu/lock-order.ts";
import { COUNT_ALONE, LockWords } from "../../../../src/hosts/threads/vcpu/lock-words.ts";
import { CONTENDED, FREE, TAKEN } from "../../../../src/hosts/threads/vcpu/word-lock.ts";
import { PHASE_FAILED, VcpuWords } from "../../../../src/hosts/threads/vcpu/words.ts";

const at = 64;
const vcpus = 2;
const files = 4;

function make() {
  const buffer = new SharedArrayBuffer(at + VcpuWords.bytes(vcpus) + LockWords.bytes(vcpus, files));
  const shared = new VcpuWords(buffer, at, vcpus);
  shared.begin();
  const locks = new LockWords(shared);
  const [first, second, main] = [0, 1, 2].map((party) => new KernelLock(shared, party));
  return { shared, locks, words: locks.words, first: first!, second: second!, main: main! };
}

const code = "ERR_LOCK_ORDER";

describe("the objects lock", () => {
  test("alone is one's, and nothing else has to be taken", () => {
    const { locks, words, first } = make();
    first.acquire();
    expect([first.held, first.isAlone, words[locks.objects]]).toEqual([true, true, TAKEN]);
    first.queue(1);
    first.take(LOCK_BUCKET, 7);
    expect([words[locks.queue(1)], words[locks.bucket(7)]]).toEqual([FREE, FREE]);
    expect(() => first.acquire()).toThrow("taken twice");
    expect(() => first.share()).toThrow("taken twice");
    expect(() => first.assertFree()).toThrow("waits with");
    first.release();
    first.assertFree();
    expect([first.held, first.isAlone, words[locks.objects]]).toEqual([false, false, FREE]);
    expect(() => first.release()).toThrow("does not have it");
  });

  test("shared is many's: two sections are made at once, and counted", () => {
    const { locks, words, first, second } = make();
    first.share();
    expect([first.held, first.isAlone, locks.overlaps]).toEqual([true, false, 0]);
    second.share();
    expect([words[locks.inside(0)], words[locks.inside(1)], locks.overlaps]).toEqual([1, 1, 1]);
    expect(locks.counts(LOCK_OBJECTS)).toMatchObject({ acquired: 2, contended: 0 });
    first.release();
    second.release();
    expect([words[locks.inside(0)], words[locks.inside(1)]]).toEqual([0, 0]);
    second.share();
    expect(locks.overlaps).toBe(1);
  });

  test("is not waited for when the machine has failed: neither for who is alone nor for who is inside", () => {
    const { shared, words, locks, first, second, main } = make();
    second.acquire();
    shared.setPhase(PHASE_FAILED);
    expect(() => first.share()).toThrow(MachineGone);
    expect(() => main.acquire()).toThrow(MachineGone);
    expect([first.held, main.held, words[locks.inside(0)]]).toEqual([false, false, 0]);
    second.release();
    first.share();
    expect(() => main.acquire()).toThrow(MachineGone);
    // Who leaves wakes main.
    expect(words[locks.inside(0)]).toBe(2);
    first.release();
    expect(words[locks.inside(0)]).toBe(0);
  });

  test("is never shared by main, which has no word to say so", () => {
    const { main } = make();
    expect(() => main.share()).toThrow("one that is no CPU shares the kernel");
    expect(main.held).toBe(false);
  });

  test("goes from alone to shared with nobody between", () => {
    const { locks, words, first, second } = make();
    first.acquire();
    first.downgrade();
    expect([first.held, first.isAlone, words[locks.objects], words[locks.inside(0)]]).toEqual([
      ...[true, false],
      ...[FREE, 1],
    ]);
    expect(() => first.downgrade()).toThrow("shares already");
    second.share();
  });

  test("is handed over at the end of a section only if somebody waits", () => {
    const { locks, words, first } = make();
    first.acquire();
    expect(first.breathe()).toBe(false);
    Atomics.store(words, locks.objects, CONTENDED);
    expect([first.breathe(), first.held, first.isAlone, words[locks.objects]]).toEqual([
      ...[true, true, true],
      TAKEN,
    ]);
    expect(locks.counts(COUNT_ALONE).acquired).toBe(2);
    first.release();
    first.share();
    expect(first.breathe()).toBe(false);
  });
});

describe("queues and buckets", () => {
  test("are kept to the end of a section, but for a queue when the CPU goes on to another", () => {
    const { locks, words, first } = make();
    first.share();
    for (const bucket of [3, 3, 9]) first.take(LOCK_BUCKET, bucket);
    first.queue(1);
    first.queue(1);
    expect([3, 9].map((bucket) => words[locks.bucket(bucket)])).toEqual([TAKEN, TAKEN]);
    expect([words[locks.queue(0)], words[locks.queue(1)]]).toEqual([FREE, TAKEN]);
    first.queue(0);
    expect([words[locks.queue(0)], words[locks.queue(1)]]).toEqual([TAKEN, FREE]);
    first.breathe();
    const all = [locks.queue(0), locks.queue(1), locks.bucket(3), locks.bucket(9)];
    expect(all.map((word) => words[word])).toEqual([FREE, FREE, FREE, FREE]);
    expect(locks.counts(LOCK_BUCKET)).toMatchObject({ acquired: 2, contended: 0 });
    expect(locks.counts(LOCK_QUEUE)).toMatchObject({ acquired: 2, contended: 0 });
    expect(first.held).toBe(true);
  });

  test("are let go of by class, or down to where they were", () => {
    const { locks, words, first } = make();
    first.share();
    first.take(LOCK_EPOLL, 0);
    first.take(LOCK_EPOLL, 1);
    first.take(LOCK_FILE, 2);
    const held = (): number[] => [0, 1, 2, 3].filter((file) => words[locks.file(file)] !== FREE);
    const { depth } = first;
    first.take(LOCK_FILE, 3);
    expect([held(), first.has(LOCK_FILE, 3), first.has(LOCK_EPOLL, 3)]).toEqual([[0, 1, 2, 3], true, false]);
    first.dropTo(depth);
    expect(held()).toEqual([0, 1, 2]);
    first.dropAll(LOCK_EPOLL);
    expect(held()).toEqual([2]);
    first.release();
    expect(held()).toEqual([]);
    expect([LOCK_EPOLL, LOCK_FILE].map((of) => locks.counts(of).acquired)).toEqual([2, 2]);
  });

  test("are nobody's outside the kernel", () => {
    const { first } = make();
    expect(() => first.queue(0)).toThrow("outside the kernel");
    expect(() => first.take(LOCK_BUCKET, 0)).toThrow("outside the kernel");
  });

  test("time does not go back from one holder of a queue to the next", () => {
    const { first, second } = make();
    first.share();
    second.share();
    first.stampNs = 100;
    first.queue(1);
    first.breathe();
    second.stampNs = 90;
    second.queue(0);
    expect(second.stampNs).toBe(90);
    second.queue(1);
    expect(second.stampNs).toBe(100);
  });

  test("how long they were held is estimated from each 16th time", () => {
    const { locks, first } = make();
    first.share();
    for (let time = 0; time < 15; time++) {
      first.queue(0);
      first.breathe();
    }
    expect(locks.counts(LOCK_QUEUE).heldNs).toBe(0);
    first.queue(0);
    first.breathe();
    expect(locks.counts(LOCK_QUEUE).heldNs).toBeGreaterThan(0);
  });
});

describe("a section's number", () => {
  test("is taken with its locks, and anew with each further one and in each section", () => {
    const { first, second } = make();
    first.share();
    second.share();
    first.take(LOCK_BUCKET, 1);
    expect([first.ticket, first.ticket]).toEqual([1, 1]);
    second.queue(1);
    expect(second.ticket).toBe(2);
    expect(first.ticket).toBe(1);
    first.queue(0);
    expect(first.ticket).toBe(3);
    first.breathe();
    expect(first.ticket).toBe(4);
    first.release();
    // Outside: that of the last one.
    expect(first.ticket).toBe(4);
  });
});

describe("the order", () => {
  const who = () => "CPU 1, baker (tid 3)";

  test("is objects, buckets upwards, queues", () => {
    const order = new LockOrder(who);
    order.take(LOCK_OBJECTS, 0);
    for (const bucket of [2, 5]) order.take(LOCK_BUCKET, bucket);
    order.take(LOCK_QUEUE, 0);
    order.drop(LOCK_BUCKET, 2);
    order.needs(LOCK_BUCKET, 5, "its waiters");
    order.drop(LOCK_QUEUE, 0);
    order.take(LOCK_BUCKET, 6);
    expect(() => order.needs(LOCK_QUEUE, 0, "task 3")).toThrow(
      expect.objectContaining({
        code,
        message:
          "kernel bug: CPU 1, baker (tid 3) touches task 3 without the queue of CPU 0; it holds the objects lock, bucket 5, bucket 6",
      }),
    );
  });

  test.each([
    [LOCK_QUEUE, 1, LOCK_BUCKET, 7, "takes bucket 7 while it holds the queue of CPU 1"],
    [LOCK_QUEUE, 0, LOCK_QUEUE, 1, undefined],
    [LOCK_QUEUE, 1, LOCK_QUEUE, 0, "takes the queue of CPU 0 while it holds the queue of CPU 1"],
    [LOCK_BUCKET, 7, LOCK_BUCKET, 7, "takes bucket 7 while it holds bucket 7"],
    [LOCK_EPOLL, 9, LOCK_FILE, 2, undefined],
    [LOCK_FILE, 2, LOCK_EPOLL, 9, "takes the lock of epoll 9 while it holds the lock of file 2"],
    [LOCK_EPOLL, 4, LOCK_EPOLL, 3, "takes the lock of epoll 3 while it holds the lock of epoll 4"],
    [LOCK_BUCKET, 0, LOCK_FILE, 2, "takes the lock of file 2 while it holds bucket 0"],
    [LOCK_BUCKET, 0, LOCK_OBJECTS, 0, "takes the objects lock while it holds bucket 0"],
  ])("%i %i before %i %i", (of, index, then, thenIndex, said) => {
    const order = new LockOrder(who);
    order.take(of, index);
    const take = () => order.take(then, thenIndex);
    if (said === undefined) expect(take).not.toThrow();
    else expect(take).toThrow(expect.objectContaining({ code, message: `kernel bug: ${who()} ${said}` }));
  });

  test("is kept by a CPU that is held to it, which lets go of what it took", () => {
    const { first } = make();
    first.order = new LockOrder(who);
    first.share();
    first.take(LOCK_BUCKET, 1);
    first.queue(1);
    first.queue(0);
    expect(() => first.take(LOCK_BUCKET, 2)).toThrow("takes bucket 2 while it holds the queue of CPU 0");
    first.release();
    expect(() => first.order!.drop(LOCK_QUEUE, 0)).toThrow(
      "lets go of the queue of CPU 0, which it does not hold",
    );
    first.acquire();
    first.downgrade();
    first.release();
    expect(() => first.order!.needs(LOCK_OBJECTS, 0, "a file")).toThrow(
      "touches a file without the objects lock; it holds nothing",
    );
  });
});
