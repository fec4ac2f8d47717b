/**
 * The `ldb` command.
 *
 * @packageDocumentation
 */

export { runCli } from './run-cli.js'
export { ExitCode } from './terminal/exit-code.js'
