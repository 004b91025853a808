import { join, relative } from 'node:path';
import {
  Application,
  Converter,
  ReflectionKind,
  TSConfigReader,
  TypeDocReader,
  type Context,
  type DocumentReflection,
  type NormalizedPath,
  type ProjectReflection,
} from 'typedoc';
import { documentRouter } from './document-router.ts';
import type { LinkedFiles } from './linked-files.ts';
import type { SitePage } from './site-pages.ts';

/** What a site is made of. */
export interface SiteSource {
  readonly root: string;
  /** In the order of the navigation, without README.md, the home of the site. */
  readonly pages: readonly SitePage[];
  readonly linked: LinkedFiles;
  /** What a user imports, by the module that typedoc names: `kasper-ts/stores` for `stores`. */
  readonly entryPoints: ReadonlyMap<string, string>;
}

/**
 * Makes the site of the pages and of the API reference, by the options of typedoc.json.
 *
 * @throws Error if typedoc has warned; it has printed why then
 */
export async function buildSite(
  { root, pages, linked, entryPoints }: SiteSource,
  out: string,
): Promise<void> {
  const projectDocuments = [
    ...pages.map(({ path }) => join(root, path)),
    ...(linked.index === undefined ? [] : [linked.index]),
  ];
  const app = await Application.bootstrap({ options: root, projectDocuments, router: 'documents' }, [
    new TypeDocReader(),
    new TSConfigReader(),
  ]);
  app.renderer.defineRouter(
    'documents',
    documentRouter((document) => {
      const file = linked.shown.get(document);
      if (document === linked.index) return 'files';
      return file === undefined
        ? `pages/${relative(root, document).replace(/\.md$/, '')}`
        : `files/${relative(root, file)}`;
    }),
  );
  const names = new Map(pages.map(({ path, name }) => [join(root, path), name]));
  if (linked.index !== undefined) names.set(linked.index, 'Files');
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, document: DocumentReflection) => {
    nameDocument(document, names, linked.shown);
  });
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }: Context) => {
    nameEntryPoints(project, entryPoints);
  });
  const project = await app.convert();
  if (project === undefined) throw new Error('typedoc could not read the sources');
  app.validate(project);
  await app.generateDocs(project, out);
  if (app.logger.hasErrors() || app.logger.hasWarnings()) throw new Error('typedoc has warned');
}

function nameDocument(
  document: DocumentReflection,
  names: ReadonlyMap<string, string>,
  shown: ReadonlyMap<string, string>,
): void {
  const { files } = document.project;
  const path = files.getReflectionPath(document) ?? '';
  document.name = names.get(path) ?? document.name;
  const file = shown.get(path);
  // So that links to the file lead to the document that shows it.
  if (file !== undefined) files.registerReflectionPath(file as NormalizedPath, document);
}

function nameEntryPoints(project: ProjectReflection, entryPoints: ReadonlyMap<string, string>): void {
  for (const module of project.getChildrenByKind(ReflectionKind.Module)) {
    module.name = entryPoints.get(module.name) ?? module.name;
  }
}
