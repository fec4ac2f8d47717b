export type ValueFormat = 'json' | 'text' | 'hex'

/** Returns the bytes of a base64 text. */
export function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
}

export function base64Of(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text)
}

/** Returns a value in a format. JSON that cannot be parsed is shown as text, and text that is no UTF-8 with replacement characters. */
export function showValue(bytes: Uint8Array, format: ValueFormat, isPretty: boolean): string {
  if (format === 'hex') return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ')
  const text = new TextDecoder().decode(bytes)
  if (format === 'text') return text
  try {
    return JSON.stringify(JSON.parse(text), undefined, isPretty ? 2 : undefined)
  } catch {
    return text
  }
}

/** Returns the bytes of an edited text. @throws Error for text that the format does not allow. */
export function parseValue(text: string, format: ValueFormat): Uint8Array {
  if (format === 'hex') {
    const digits = text.replaceAll(/\s/g, '')
    if (!/^(?:[0-9a-fA-F]{2})*$/.test(digits)) throw new Error('The value is not hexadecimal.')
    return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
  }
  return new TextEncoder().encode(format === 'json' ? JSON.stringify(JSON.parse(text)) : text)
}

export function humanBytes(bytes: number | undefined): string {
  if (bytes === undefined) return ''
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let unit = 0
  let size = bytes
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024
    unit++
  }
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit]}`
}
