/** Greatest length of an encoded key, in bytes. An empty key is allowed. @category Limits */
export const KEY_BYTES_MAX = 65_535

/** Greatest length of an encoded value, in bytes: 1 GiB. @category Limits */
export const VALUE_BYTES_MAX = 1_073_741_824

/**
 * Greatest length of an encoded batch, in bytes: 1 GiB, and room for the key and the headers, so that one operation with
 * the greatest key and the greatest value still fits.
 *
 * @category Limits
 */
export const BATCH_BYTES_MAX = 1_073_872_896
