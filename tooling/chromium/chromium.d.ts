/** A running Chromium. */
export interface RunningChromium {
  /** Address of the DevTools protocol: `http://127.0.0.1:` and a port. */
  readonly endpoint: string
  /** Opens an address in a new page. */
  openPage(url: string): Promise<void>
  /** What the browser has written to its standard error. */
  output(): string
  /** Ends the browser with all its processes, and removes its profile. */
  close(): Promise<void>
}

/** Limits of a start, in milliseconds. */
export interface StartLimits {
  /** Time for the first start to show life. Default: 20,000. */
  readonly lifeMs?: number
  /** Time for both starts. Default: 180,000. */
  readonly totalMs?: number
}

/** Returns the path of Chromium, or `undefined` when it is not installed. */
export function findChromium(): string | undefined

/**
 * Starts Chromium, and waits until a page of it has run a script.
 *
 * @throws Error when neither of two starts shows life, with the output of both.
 */
export function startChromium(program: string, limits?: StartLimits): Promise<RunningChromium>
