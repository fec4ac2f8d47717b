import config from '../../tooling/vitest/config.js'

// A dependency of Keyv's suites requires a package that has another form for `import`.
const conditions = ['node', 'default']

export default { ...config, ssr: { resolve: { conditions, externalConditions: conditions } } }
