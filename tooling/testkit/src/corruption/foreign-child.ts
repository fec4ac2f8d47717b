// Runs the cases of foreign-files.ts in a process of its own, which can be ended when one of them waits for ever.
import { runForeignFiles } from './foreign-files.js'

process.stdout.write(String(runForeignFiles(Number(process.argv[2] ?? 0))))
