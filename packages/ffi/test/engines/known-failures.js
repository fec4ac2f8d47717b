// Tests that fail in QuickJS, by file and name, and why. `*` means all tests of a file.
export const KNOWN_FAILURES = {}
