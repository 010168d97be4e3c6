/**
 * Addresses and the words they come from; error numbers as text.
 */
import { describe, expect, test } from "vitest";
import {
  ADDR_INVALID,
  addr,
  addrFromWord,
  EAGAIN,
  EFAULT,
  formatResult,
  NULL,
  offsetBy,
  PAGE_SHIFT,
  PAGE_SIZE,
  wordFromAddr,
} from "../../src/atomics/index.ts";

describe("addr", () => {
  test.each([0, 1, 4096, 2 ** 32, 2 ** 52, Number.MAX_SAFE_INTEGER])("%d is kept", (offset) => {
    expect(addr(offset)).toBe(offset);
  });

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2 ** 53, -(2 ** 53)])(
    "%d is no address",
    (offset) => {
      expect(addr(offset)).toBe(ADDR_INVALID);
    },
  );

  test("ADDR_INVALID is misaligned for every size and outside every buffer", () => {
    for (const size of [2, 4, 8]) expect(ADDR_INVALID % size).not.toBe(0);
    expect(ADDR_INVALID).toBeGreaterThan(2 ** 40);
    expect(Number.isSafeInteger(ADDR_INVALID)).toBe(true);
    expect(NULL).toBe(0);
    expect(1 << PAGE_SHIFT).toBe(PAGE_SIZE);
  });
});

describe("words", () => {
  test.each([0n, 8n, 0x1000n, 2n ** 32n, 2n ** 52n - 1n])("%d is an address and back", (word) => {
    expect(addrFromWord(word)).toBe(Number(word));
    expect(wordFromAddr(addrFromWord(word))).toBe(word);
  });

  test.each([2n ** 52n, 2n ** 53n + 1n, 0xdeaddeaddeaddeadn, 2n ** 63n, 2n ** 64n - 1n, -1n, -8n])(
    "%d is no address",
    (word) => {
      expect(addrFromWord(word)).toBe(ADDR_INVALID);
    },
  );

  test("offsetBy moves both ways", () => {
    expect(offsetBy(addr(0x1000), 8)).toBe(0x1008);
    expect(offsetBy(addr(0x1000), -8)).toBe(0xff8);
  });
});

describe("formatResult", () => {
  test.each([
    [-EFAULT, "-EFAULT"],
    [-EAGAIN, "-EAGAIN"],
    [-999, "-999"],
    [0, "0"],
    [4096, "4096"],
  ])("%d is %s", (result, text) => {
    expect(formatResult(result)).toBe(text);
  });
});
