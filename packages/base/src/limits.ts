/** Greatest length of an encoded key, in bytes. The smallest is 0. @category Limits */
export const KEY_BYTES_MAX = 65_535

/** Greatest length of an encoded value, in bytes: 1 GiB. @category Limits */
export const VALUE_BYTES_MAX = 1_073_741_824

/**
 * Greatest length of an encoded batch, in bytes: 1 GiB plus 128 KiB, so that an operation with the longest key and the longest value
 * fits with its headers.
 *
 * @category Limits
 */
export const BATCH_BYTES_MAX = 1_073_872_896
