// A plugin of typedoc for a package: ignores the references of its tsconfig. With them the compiler reads the declarations that other
// packages have built, and links of the site would lead there.
import { Application } from 'typedoc'

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.on(Application.EVENT_BOOTSTRAP_END, () => {
    const { options } = app
    options.setCompilerOptions(options.getFileNames(), options.getCompilerOptions(app.logger), [])
  })
}
