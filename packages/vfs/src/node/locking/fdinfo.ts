/** Reports whether a file of /proc/<pid>/fdinfo lists a flock. */
export function hasFlock(fdinfo: string): boolean {
  return /^lock:.*\bFLOCK\b/m.test(fdinfo)
}
