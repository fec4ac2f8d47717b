// Runs the cases of foreign-files.ts in a process of its own, which the parent can kill when a case blocks.
import { runForeignFiles } from './foreign-files.js'

process.stdout.write(String(runForeignFiles(Number(process.argv[2] ?? 0))))
