/** Characters of one call of `String.fromCharCode`. */
const PART = 1_024

/** Returns a string that identifies a key: one character for each byte. */
export function nameOfKey(key: Uint8Array): string {
  if (key.length <= PART) return String.fromCharCode(...key)
  let name = ''
  for (let start = 0; start < key.length; start += PART)
    name += String.fromCharCode(...key.subarray(start, start + PART))
  return name
}
