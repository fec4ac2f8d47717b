import type { VerifyReport } from '@ldb/integrity'
import type { FilePath } from '@ldb/vfs'
import { openDatabase } from './open/opening.js'
import { resolveRepairOptions } from './repair/options.js'
import type { RepairOptions, ResolvedRepairOptions } from './repair/options.js'
import { Repair } from './repair/repair.js'
import type { RepairReport } from './repair/report.js'
import { openSource } from './repair/source.js'
import { targetDirectory } from './repair/target.js'
import { verifyDatabase } from './verification/database-steps.js'
import { resolveVerifyOptions } from './verification/options.js'

/** Repairs a database into a new directory; documented where it is exported, as `Database.repair`. */
export function repairDirectory(path: FilePath, options: RepairOptions): RepairReport {
  const resolved = resolveRepairOptions(options)
  const { vfs, target } = resolved
  const startedAtMs = vfs.clock.monotonic()
  const source = openSource(vfs, path, resolved.encryption)
  try {
    const directory = targetDirectory(vfs, target, source.directory)
    const report = new Repair(source, resolved).run(directory, (written) => verifyWritten(written, resolved))
    return { ...report, durationMs: vfs.clock.monotonic() - startedAtMs }
  } finally {
    source.lock.release()
  }
}

/** Verifies the database that a repair has written. */
function verifyWritten(
  directory: string,
  { vfs, codecs, encryption, progress }: ResolvedRepairOptions,
): VerifyReport {
  const opened = openDatabase(directory, {
    vfs,
    readOnly: true,
    ...(encryption !== undefined && { encryption }),
  })
  try {
    for (const codec of codecs) opened.engines.codecs.add(codec)
    return verifyDatabase(
      opened,
      resolveVerifyOptions({
        // Checks the signal.
        onProgress: () => {
          progress.report()
        },
      }),
    )
  } finally {
    opened.close()
  }
}
