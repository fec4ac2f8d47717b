import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { isDetached, PREVENTS_TRANSFER, sharedBytes } from './shared-bytes.js'

/** Attempts to transfer a buffer in every way that the platform has. */
function transfer(buffer: ArrayBuffer): void {
  const { transfer } = ArrayBuffer.prototype as unknown as { readonly transfer?: () => ArrayBuffer }
  for (const way of [
    (): unknown => structuredClone(buffer, { transfer: [buffer] }),
    (): unknown => transfer?.call(buffer),
  ]) {
    try {
      way()
    } catch {
      // The platform refuses the transfer.
    }
  }
}

it('shared bytes cannot be transferred where the platform says so', () => {
  const bytes = sharedBytes(16)
  transfer(bytes.buffer)
  if (PREVENTS_TRANSFER) expect(bytes.length).toBe(16)
  expect(isDetached(bytes)).toBe(!PREVENTS_TRANSFER)
})

it('distinguishes detached bytes from empty ones', () => {
  const bytes = new Uint8Array(new ArrayBuffer(16))
  expect([isDetached(bytes), isDetached(new Uint8Array(0))]).toEqual([false, false])
  transfer(bytes.buffer)
  expect(isDetached(bytes)).toBe(true)
})

describe('without marks', () => {
  beforeEach(() => {
    vi.resetModules()
    vi.doMock('#untransferable', () => import('./untransferable.js'))
  })
  afterEach(() => {
    vi.doUnmock('#untransferable')
    vi.unstubAllGlobals()
  })

  it('a platform with functions that transfer does not prevent it', async () => {
    const { PREVENTS_TRANSFER: prevents } = await import('./shared-bytes.js')
    expect(prevents).toBe(false)
  })

  it('a platform without such functions needs no marks', async () => {
    for (const name of ['structuredClone', 'MessageChannel', 'postMessage']) vi.stubGlobal(name, undefined)
    const { PREVENTS_TRANSFER: prevents } = await import('./shared-bytes.js')
    expect(prevents).toBe(!('transfer' in ArrayBuffer.prototype))
  })
})
