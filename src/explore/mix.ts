/** Hashing of 32-bit words into lanes, in the manner of MurmurHash3: for digests of states and of executions. */

export function mix(lane: number, word: number): number {
  const k = Math.imul(word, 0xcc9e2d51);
  const h = lane ^ Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

/** Spreads every bit over all of the lane; a bijection. */
export function spread(lane: number): number {
  let h = Math.imul(lane ^ (lane >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** Two lanes as one safe integer of 53 bits. */
export function joinLanes(a: number, b: number): number {
  return (spread(a) >>> 11) * 4294967296 + (spread(b) >>> 0);
}

/** A text as 16 hexadecimal digits. */
export function digestText(text: string): string {
  let a = 0x9368e53c | 0;
  let b = 0x586dcd20 | 0;
  for (let i = 0; i < text.length; i++) {
    a = mix(a, text.charCodeAt(i));
    b = mix(b ^ a, text.charCodeAt(i));
  }
  return [spread(a), spread(b)].map((lane) => (lane >>> 0).toString(16).padStart(8, "0")).join("");
}
