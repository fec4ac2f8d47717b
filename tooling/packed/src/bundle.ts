import { basename, dirname } from 'node:path'
import { nodeResolve } from '@rollup/plugin-node-resolve'
import { build } from 'esbuild'
import { rollup } from 'rollup'
import { build as viteBuild } from 'vite'
import webpack from 'webpack'
import type { Configuration } from 'webpack'

/** Where a built application runs. */
export type Target = 'node' | 'web'

/**
 * Builds with the defaults of webpack 5, which fail on any module that cannot be found. Throws on every error and warning.
 *
 * @param expectedWarnings - of packages of others.
 */
export async function bundleWithWebpack(
  entry: string,
  output: string,
  target: Target,
  expectedWarnings: readonly RegExp[] = [],
): Promise<void> {
  const configuration: Configuration = {
    mode: 'production',
    devtool: false,
    entry,
    target,
    output: { path: new URL('.', `file://${output}`).pathname, filename: output.replace(/^.*\//, '') },
    // Chunks of an application are one file here, so that a test can move it.
    optimization: { minimize: false, splitChunks: false },
    performance: { hints: false },
    ignoreWarnings: [...expectedWarnings],
  }
  const stats = await new Promise<webpack.Stats | undefined>((resolve, reject) => {
    webpack(configuration, (error, result) => {
      if (error === null) resolve(result)
      else reject(error)
    })
  })
  if (stats === undefined || stats.hasErrors() || stats.hasWarnings()) {
    throw new Error(`webpack failed:\n${stats?.toString('errors-warnings') ?? 'no result'}`)
  }
}

/** Builds with the defaults of esbuild. */
export async function bundleWithEsbuild(entry: string, output: string, target: Target): Promise<void> {
  const platform = target === 'node' ? 'node' : 'browser'
  const result = await build({
    entryPoints: [entry],
    outfile: output,
    bundle: true,
    platform,
    format: target === 'node' ? 'cjs' : 'iife',
    target: 'es2022',
    logLevel: 'silent',
    // The format has no import.meta; its absence must not break an application.
    logOverride: { 'empty-import-meta': 'silent' },
  })
  if (result.warnings.length > 0) {
    throw new Error(`esbuild warned:\n${result.warnings.map(({ text }) => text).join('\n')}`)
  }
}

/** Builds an ES module with rollup and its plugin that finds packages. */
export async function bundleWithRollup(entry: string, output: string): Promise<void> {
  const bundle = await rollup({
    input: entry,
    plugins: [nodeResolve({ preferBuiltins: true })],
    onwarn: ({ message }) => {
      throw new Error(`rollup warned: ${message}`)
    },
  })
  await bundle.write({ file: output, format: 'es', inlineDynamicImports: true })
  await bundle.close()
}

/** Builds an ES module with vite for servers, packages included. */
export async function bundleWithVite(entry: string, output: string): Promise<void> {
  await viteBuild({
    configFile: false,
    root: dirname(entry),
    logLevel: 'silent',
    ssr: { noExternal: true },
    build: {
      ssr: entry,
      outDir: dirname(output),
      emptyOutDir: false,
      rolldownOptions: {
        output: { entryFileNames: basename(output), codeSplitting: false },
        onwarn: ({ message }) => {
          throw new Error(`vite warned: ${message ?? ''}`)
        },
      },
    },
  })
}
