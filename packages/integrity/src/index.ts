/**
 * Checksums, checked envelopes, codecs and report types.
 *
 * @packageDocumentation
 */

// Checksums
export { createSeed64, SEED_ZERO, Seed64 } from './seed64.js'
export { xxHash64 } from '#xxhash64'
