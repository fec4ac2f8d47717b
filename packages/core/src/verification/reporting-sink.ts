import { ownProperty, refusePromise } from '@ldb/base'
import type {
  LdbError,
  VerifyAmount,
  VerifyFinding,
  VerifyLocation,
  VerifyProgress,
  VerifyShape,
  VerifySink,
} from '@ldb/base'
import type { ReportBuilder } from '@ldb/integrity'
import { namedKind } from '../changes/record-kinds.js'
import { throwIfAborted } from '../health/abort-signal.js'
import type { AbortSignalLike } from '../health/abort-signal.js'
import type { Health } from '../health/health.js'
import type { ResolvedVerifyOptions } from './options.js'

/** Keys that a finding says cannot be read. */
export type DamagedKeys = NonNullable<VerifyFinding['keys']>

/** @throws {@link LdbError} LDB_ABORTED. */
export function assertNotAborted(signal: AbortSignalLike | undefined): void {
  throwIfAborted(signal, 'verification')
}

/** Returns the finding of an error that prevents a part from being walked. */
export function findingOf({ details, message }: LdbError): VerifyFinding {
  return { kind: 'structure', file: details.file ?? '', offset: details.offset ?? 0, message }
}

/** Adds to the report, reports progress, and checks the signal. */
export class ReportingSink implements VerifySink {
  readonly #builder: ReportBuilder
  readonly #options: ResolvedVerifyOptions
  readonly #health: Health | undefined
  /** Keys that findings name, by part. */
  readonly #damagedKeys: Map<string, DamagedKeys[]> = new Map()
  #part = ''
  #unitCount = 0
  #entryCount = 0
  #byteCount = 0
  /** Absent without `onLocation`: a unit costs no call then. */
  readonly location: VerifySink['location']

  /** @param health - refuses writes during calls of `onProgress` and `onLocation`. */
  constructor(builder: ReportBuilder, options: ResolvedVerifyOptions, health?: Health) {
    const { onLocation } = options
    this.location = onLocation && ((location): void => this.#locate(onLocation, location))
    this.#builder = builder
    this.#options = options
    this.#health = health
  }

  /** Bytes checked so far, in all parts. */
  get byteCount(): number {
    return this.#byteCount
  }

  begin(part: string): void {
    this.#part = part
    this.#builder.beginPart(part)
    this.progress({ units: 0, entries: 0, bytes: 0 })
  }

  /** Returns the ranges of keys that findings of a part name. */
  damagedKeysOf(part: string): readonly DamagedKeys[] {
    return this.#damagedKeys.get(part) ?? []
  }

  finding(finding: VerifyFinding): void {
    const keys = ownProperty(finding, 'keys', 'finding')
    if (keys !== undefined) {
      const found = this.#damagedKeys.get(this.#part) ?? []
      found.push(keys)
      this.#damagedKeys.set(this.#part, found)
    }
    this.#builder.finding(finding)
  }

  shape(shape: VerifyShape): void {
    this.#builder.shape(shape)
  }

  progress(progress: VerifyProgress): void {
    const amounts = ownProperty(progress, 'amounts', 'progress')
    this.#builder.progress(amounts === undefined ? progress : { ...progress, amounts: amounts.map(named) })
    this.#unitCount += progress.units
    this.#entryCount += progress.entries
    this.#byteCount += progress.bytes
    const { onProgress, signal } = this.#options
    assertNotAborted(signal)
    if (onProgress === undefined) return
    const [unitCount, entryCount, byteCount] = [this.#unitCount, this.#entryCount, this.#byteCount]
    this.#callBack('onProgress', () => onProgress({ part: this.#part, unitCount, entryCount, byteCount }))
    assertNotAborted(signal)
  }

  #locate(onLocation: NonNullable<ResolvedVerifyOptions['onLocation']>, location: VerifyLocation): void {
    this.#callBack('onLocation', () => onLocation({ ...named(location), part: this.#part }))
  }

  /** Calls a function of the application, which may not write. */
  #callBack(name: string, callback: () => unknown): void {
    this.#health?.pauseWrites(
      'the database is being verified, and the callback of a verification may not write',
    )
    try {
      refusePromise(callback(), `the function given as ${name}`)
    } finally {
      this.#health?.resumeWrites()
    }
  }
}

function named<T extends VerifyAmount | VerifyLocation>(unit: T): T {
  const kind = namedKind(unit.kind)
  return kind === unit.kind ? unit : { ...unit, kind }
}
