/** The AES-256 block cipher with one key. @category Encryption */
export interface BlockCipher {
  /** Encrypts each block of 16 bytes by itself. */
  encryptBlocks(blocks: Uint8Array): Uint8Array
}

/** What XAES-256-GCM is made of; `#cipher` implements it. @category Encryption */
export interface CipherPrimitives {
  createAes256(key: Uint8Array): BlockCipher
  sealGcm(
    key: Uint8Array,
    nonce: Uint8Array,
    associated: Uint8Array,
    plain: Uint8Array,
    target: Uint8Array,
    targetStart: number,
  ): void
  openGcm(
    key: Uint8Array,
    nonce: Uint8Array,
    associated: Uint8Array,
    sealed: Uint8Array,
  ): Uint8Array | undefined
}
