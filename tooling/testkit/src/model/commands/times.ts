/** Returns the results of `count` calls of a function. */
export function times<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make)
}
