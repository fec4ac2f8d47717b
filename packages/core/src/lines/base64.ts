const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Encodes bytes in base64, with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at
    const word = ((bytes[at] as number) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
    text += DIGITS[word >> 18]
    text += DIGITS[(word >> 12) & 63]
    text += left > 1 ? DIGITS[(word >> 6) & 63] : '='
    text += left > 2 ? DIGITS[word & 63] : '='
  }
  return text
}

/** Decodes base64 with padding; `undefined` when the text is none. */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const bytes = new Uint8Array((text.length / 4) * 3 - padding)
  let word = 0
  let count = 0
  for (let index = 0, at = 0; index < text.length - padding; index++) {
    const digit = DIGITS.indexOf(text[index] as string)
    if (digit < 0) return undefined
    word = ((word << 6) | digit) & 0xff_ffff
    count += 6
    if (count < 8) continue
    count -= 8
    bytes[at++] = (word >> count) & 255
  }
  return bytes
}
