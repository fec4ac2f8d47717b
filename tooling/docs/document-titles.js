// A plugin of typedoc: the title of a document is its first heading instead of its file name.
import { Converter } from 'typedoc'

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_context, document) => {
    // Code in a heading is a part of its own.
    const text = document.content.map((part) => part.text).join('')
    const heading = /^# (.+)/.exec(text)?.[1]
    if (heading === undefined) throw new Error(`${document.name} does not begin with a heading`)
    document.name = heading.replaceAll('`', '')
  })
}
