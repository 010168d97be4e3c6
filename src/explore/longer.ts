/** A typed array cannot grow: this is how those of the room do. */

export function longer(array: Int32Array): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(2 * array.length);
  copy.set(array);
  return copy;
}

export function longerBytes(array: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(2 * array.length);
  copy.set(array);
  return copy;
}
