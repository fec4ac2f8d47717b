// Bundles the package in the working directory. Its build script runs this after the compiler has checked the sources.
import { bundlePackage } from './bundle.js'

await bundlePackage(process.cwd())
