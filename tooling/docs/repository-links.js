// A plugin of typedoc: a relative link to a file that is not a page of the site leads to the file in the repository. Without the
// plugin, typedoc copies such files into the site, where Markdown is not rendered and its own links are broken.
import { statSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

import { Renderer } from 'typedoc'

const ROOT = join(import.meta.dirname, '..', '..')

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.renderer.on(Renderer.EVENT_BEGIN, ({ project }) => {
    const template = app.options.getValue('sourceLinkTemplate').replace(/#.*$/, '')
    for (const part of relativeLinks(project)) {
      const target = project.files.resolve(part.target, project)
      if (typeof target !== 'string') continue
      const url = template.replace('{path}', relative(ROOT, target).split(sep).join('/'))
      part.text = statSync(target).isDirectory() ? url.replace('/blob/', '/tree/') : url
      if (part.targetAnchor !== undefined) part.text += `#${part.targetAnchor}`
      // A link without a target is rendered as its text.
      part.target = undefined
    }
  })
}

/**
 * Yields the relative links to files in all comments and documents.
 *
 * @param {import('typedoc').ProjectReflection} project
 */
function* relativeLinks(project) {
  for (const reflection of [project, ...Object.values(project.reflections)]) {
    const { comment } = reflection
    const texts = [
      'readme' in reflection ? reflection.readme : undefined,
      'content' in reflection ? reflection.content : undefined,
      comment?.summary,
      ...(comment?.blockTags.map((tag) => tag.content) ?? []),
    ]
    for (const part of texts.flatMap((text) => text ?? [])) {
      if (part.kind === 'relative-link' && typeof part.target === 'number') yield part
    }
  }
}
