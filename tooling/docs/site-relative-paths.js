// A plugin of typedoc for the JSON of a package: makes its paths relative to this folder. Typedoc makes them relative to its working
// directory, and the run that merges the JSON into the site works in this folder.
import { relative, resolve, sep } from 'node:path'

import { Serializer } from 'typedoc'

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.serializer.on(Serializer.EVENT_END, ({ output }) => {
    const { entries } = output.files
    for (const [id, path] of Object.entries(entries))
      entries[id] = relative(import.meta.dirname, resolve(path))
        .split(sep)
        .join('/')
  })
}
