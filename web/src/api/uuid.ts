/**
 * A UUID version 7 (RFC 9562): 48 bits of time, then randomness. The page gives its entries their ids, so that sending
 * one twice never makes two. `time` is in ms since 1970, and `random` has at least ten bytes.
 */
export function uuidv7(time: number, random: Uint8Array): string {
  const bytes = new Uint8Array(16)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(time) << 16n)
  bytes.set(random.subarray(0, 10), 6)
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f)
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f)
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

export function newId(time: number): string {
  return uuidv7(time, crypto.getRandomValues(new Uint8Array(10)))
}
