/** A bundle of one package: a file in its folder `lib`. */
export interface Bundle {
  /** Absolute path of the file. */
  readonly path: string
  readonly text: string
  /** Absolute paths of the sources that it contains. */
  readonly sources: readonly string[]
}

/** A source whose text is replaced in a bundle. */
export interface Replacement {
  /** Absolute path of the source. */
  readonly path: string
  readonly text: string
}

/** Bundles a package into its folder `lib`, whose former content is removed. */
export function bundlePackage(folder: string): Promise<void>

/** Returns the bundles of a package, and writes no file. */
export function bundlesOf(folder: string, replacement?: Replacement): Promise<Bundle[]>
