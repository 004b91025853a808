import { KindRouter, type Application, type Reflection } from 'typedoc';

/** Whether a class of routers is meant: typedoc makes the object. */
type RouterClass = new (app: Application) => KindRouter;

/**
 * Gives documents addresses by their files in place of their titles, so that an address stays when a title changes. `addressOf` gets the
 * file of a document.
 */
export function documentRouter(addressOf: (file: string) => string): RouterClass {
  return class DocumentRouter extends KindRouter {
    protected override getIdealBaseName(reflection: Reflection): string {
      const file = reflection.isDocument()
        ? reflection.project.files.getReflectionPath(reflection)
        : undefined;
      // The characters that need no escape in an address, on any server.
      return file === undefined
        ? super.getIdealBaseName(reflection)
        : addressOf(file).replaceAll(/[^\w./-]/g, '_');
    }
  };
}
