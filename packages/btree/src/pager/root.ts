/** Location and checksum of the root page of a tree. @internal */
export interface Root {
  readonly page: number
  readonly level: number
  readonly checksumLow: number
  readonly checksumHigh: number
}
