// Bundles the package in the working directory. Its build script runs this after the compiler has checked the sources.
import { existsSync } from 'node:fs'
import { bundlePackage } from './bundle.js'
import { bundlePage } from './page.js'
import { storeSourceDigest } from './source-digest.js'

await bundlePackage(process.cwd())
if (existsSync('page')) await bundlePage(process.cwd())
storeSourceDigest(process.cwd())
