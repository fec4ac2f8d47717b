const COUNTRIES = ['Norway', 'Portugal', 'Ireland', 'Austria'] as const

/** Returns a JSON record of 100 to 200 bytes, as values of a keyspace look; `kind` chooses its fields. */
export function recordOf(index: number, kind: 'person' | 'order' | 'event' = 'person'): string {
  const noise = (Math.imul(index + 1, 0x9e3779b1) >>> 0).toString(36)
  if (kind === 'order') {
    return JSON.stringify({
      orderNumber: noise,
      currency: 'EUR',
      positions: [{ article: index % 91, quantity: 1 }],
      shipping: 'express',
      paid: true,
    })
  }
  if (kind === 'event') {
    return `2026-11-${10 + (index % 20)} level=warning component=scheduler request=${noise} message="the queue is longer than its limit"`
  }
  return JSON.stringify({
    identifier: noise,
    country: COUNTRIES[index % 4],
    subscription: { level: index % 3, renewal: 'monthly' },
    newsletter: index % 2 === 0,
  })
}
