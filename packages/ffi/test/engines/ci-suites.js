// Suites that run in QuickJS with every test run: each engine and each layer, in about 25 seconds of processor time.
export const CI_SUITES = ['base/src/bytes/fixed-width.test.ts']
