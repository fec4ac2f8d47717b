import { Option } from 'commander'
import type { Command } from 'commander'
import { FORMATS } from '../data/data-format.js'

/** Adds the options of commands that read or write entries of one keyspace. */
export function withFormats(command: Command): Command {
  return command
    .option('--keyspace <name>', 'name of the keyspace', 'default')
    .addOption(new Option('--key-format <format>', 'default: that of the stored encoding').choices(FORMATS))
    .addOption(new Option('--value-format <format>', 'default: that of the stored encoding').choices(FORMATS))
    .option('--key-file <file>', 'file of the encryption key')
}
