/** What is in the file: its data, and its bytes inflated. */

export function readData(): unknown {
  return JSON.parse(document.getElementById("data")!.textContent ?? "");
}

/** The bytes of an element: base64 of raw deflate. Throws where they are none. */
export async function readBytes(element: string): Promise<Uint8Array> {
  const text = document.getElementById(element)?.textContent ?? "";
  const inflated = new Blob([decoded(text)]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(inflated).arrayBuffer());
}

function decoded(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
