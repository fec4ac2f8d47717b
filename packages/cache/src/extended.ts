/** Returns a longer array that begins with the elements of `array`, followed by zeros. @internal */
export function extended<T extends Int32Array | Uint16Array | Uint8Array>(array: T, length: number): T {
  const Numbers = array.constructor as new (length: number) => T
  const longer = new Numbers(length)
  longer.set(array)
  return longer
}
