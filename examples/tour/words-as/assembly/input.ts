const FIRST_CAPACITY = 65536;

/** Standard input to its end. */
export function readAll(): Uint8Array {
  let buffer = new ArrayBuffer(FIRST_CAPACITY);
  let size = 0;
  let read = process.stdin.read(buffer);
  while (read > 0) {
    size += read;
    if (size == buffer.byteLength) buffer = grown(buffer);
    read = process.stdin.read(buffer, size);
  }
  return Uint8Array.wrap(buffer, 0, size);
}

function grown(buffer: ArrayBuffer): ArrayBuffer {
  const larger = new ArrayBuffer(buffer.byteLength * 2);
  memory.copy(changetype<usize>(larger), changetype<usize>(buffer), buffer.byteLength);
  return larger;
}
