/**
 * Addresses: byte offsets into the machine's one buffer, minted here and nowhere else.
 *
 * A pointer stored in user memory is a 64-bit word and may hold anything; an `Addr` is a number that has been narrowed
 * from such a word. Narrowing never fails: a word that cannot be an address in any buffer becomes `ADDR_INVALID`, which
 * every accessor answers with -EFAULT, just as the original word would be by access_ok().
 */
declare const addrBrand: unique symbol;

/** A byte address. 0 is NULL and never mapped. */
export type Addr = number & { readonly [addrBrand]: "Addr" };

/** Binary logarithm of PAGE_SIZE. */
export const PAGE_SHIFT = 12;
/** Bytes of a page. */
export const PAGE_SIZE: number = 1 << PAGE_SHIFT;

/** Address 0, which no page backs. */
export const NULL: Addr = 0 as Addr;

/** Stands for every 64-bit word that lies outside any buffer. Deliberately misaligned for every access size. */
export const ADDR_INVALID: Addr = (2 ** 52 + 1) as Addr;

/** Mints an address from a byte offset. Anything but a non-negative safe integer becomes `ADDR_INVALID`. */
export function addr(offset: number): Addr {
  return (Number.isSafeInteger(offset) && offset >= 0 ? offset : ADDR_INVALID) as Addr;
}

/** Narrows a 64-bit word read from user memory. Words of 2^52 and above become `ADDR_INVALID`. */
export function addrFromWord(word: bigint): Addr {
  return (word >= 0n && word < 4503599627370496n ? Number(word) : ADDR_INVALID) as Addr;
}

/** The 64-bit word that holds address `a`. */
export function wordFromAddr(a: Addr): bigint {
  return BigInt(a);
}

/** `a` moved by `bytes`. */
export function offsetBy(a: Addr, bytes: number): Addr {
  return (a + bytes) as Addr;
}
