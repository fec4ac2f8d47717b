/**
 * The unique name of one attempt to commit: 32 lowercase hexadecimal digits, random. It is never used for a second attempt.
 *
 * @category Driver
 */
export type Marker = string & { readonly __brand: 'Marker' }
