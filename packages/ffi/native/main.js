// `npm run build:native -- [PREFIX]`: builds the library, and installs it below the prefix when CMake is there.
import { join, resolve } from 'node:path'
import { argv } from 'node:process'
import { build, whyNotBuildable } from './build.js'
import { install, whyNoCmake } from './install.js'
import { SETUP } from './quickjs.js'

const reason = whyNotBuildable()
const noCmake = whyNoCmake()
const given = argv[2]
if (reason !== undefined) fail(`cannot build the C library: ${reason}`)
else if (noCmake === undefined) {
  const prefix = given === undefined ? join(SETUP, 'installed') : resolve(given)
  await install(prefix)
  console.log(prefix)
} else if (given === undefined) {
  console.error(`built without CMake, nothing to install: ${noCmake}`)
  console.log(await build())
} else fail(`cannot install the C library: ${noCmake}`)

function fail(message) {
  console.error(message)
  process.exitCode = 1
}
