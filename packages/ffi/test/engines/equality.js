// Equality and display of values, as the matchers of vitest define them.

const isAsymmetric = (expected) => typeof expected?.accepts === 'function'

/** Reports whether a value equals the expected one, member by member; members that are undefined count as absent. */
export function equals(value, expected) {
  if (isAsymmetric(expected)) return expected.accepts(value)
  if (Object.is(value, expected)) return true
  if (typeof value !== 'object' || typeof expected !== 'object' || value === null || expected === null)
    return false
  if (value instanceof Date || expected instanceof Date) return Object.is(Number(value), Number(expected))
  if (value instanceof Error && expected instanceof Error) return value.message === expected.message
  if (value instanceof Map || expected instanceof Map || value instanceof Set || expected instanceof Set)
    return value.constructor === expected.constructor && equals([...value], [...expected])
  if (ArrayBuffer.isView(value) !== ArrayBuffer.isView(expected)) return false
  if (Array.isArray(value) !== Array.isArray(expected)) return false
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    if (value.length !== expected.length) return false
    for (let index = 0; index < value.length; index++)
      if (!equals(value[index], expected[index])) return false
    return true
  }
  const names = Object.keys(value).filter((name) => value[name] !== undefined)
  const expectedNames = Object.keys(expected).filter((name) => expected[name] !== undefined)
  return (
    names.length === expectedNames.length &&
    expectedNames.every((name) => Object.hasOwn(value, name) && equals(value[name], expected[name]))
  )
}

/** Reports whether a value has the expected members, and any others. */
export function matches(value, expected) {
  if (isAsymmetric(expected)) return expected.accepts(value)
  if (typeof expected !== 'object' || expected === null) return Object.is(value, expected)
  if (ArrayBuffer.isView(expected) || expected instanceof Map || expected instanceof Set)
    return equals(value, expected)
  if (Array.isArray(expected))
    return (
      Array.isArray(value) &&
      value.length === expected.length &&
      expected.every((each, index) => matches(value[index], each))
    )
  if (value === undefined || value === null) return false
  return Object.keys(expected).every((name) => matches(value[name], expected[name]))
}

/** Returns a short text of a value. */
export function show(value) {
  try {
    const text = JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}n` : each))
    return (text ?? String(value)).slice(0, 300)
  } catch {
    return String(value)
  }
}
