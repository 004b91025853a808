/** A compiled ES module. */
export interface ModuleSource {
  /** Its path, by which others import it: `browser/main.js`. */
  readonly path: string;
  readonly text: string;
}

/**
 * Joins ES modules, as tsc writes them, into one classic script: a page without other requests cannot import them, and the names of each
 * stay its own. Each becomes a function that returns what it exports. Only what tsc emits for named imports and exports is understood, and
 * the default import of a package that has set a global; anything else is an error.
 *
 * @param entry the path of the module that runs last
 * @param read the text of a module that is imported
 * @param globals by package, the global that stands for its default export
 * @throws Error that names the module and the statement which is not understood, and modules that import each other
 */
export function joinModules(
  entry: string,
  read: (path: string) => string,
  globals: Readonly<Record<string, string>> = {},
): string {
  const done = new Map<string, string>();
  const parts: string[] = [];

  const add = (path: string, importers: readonly string[]): string => {
    const known = done.get(path);
    if (known !== undefined) return known;
    if (importers.includes(path)) throw new Error([...importers, path].join(' imports '));
    const bindings: string[] = [];
    const exported: string[] = [];
    const body = read(path)
      .replace(/^\/\/# sourceMappingURL=.*$/gm, '')
      .replace(importStatement, (_whole, clause: string, from: string) => {
        const target = from.startsWith('.')
          ? add(resolve(path, from), [...importers, path])
          : globalOf(path, from, globals);
        bindings.push(binding(path, clause, target));
        return '';
      })
      .replace(exportedDeclaration, (_whole, kind: string, name: string) => {
        exported.push(name);
        return `${kind} ${name}`;
      })
      .replace(/^export \{\s*\};$/gm, '');
    const left = /^(import|export)\b.*/m.exec(body);
    if (left !== null) throw new Error(`${path} has a statement that cannot be joined: ${left[0]}`);
    const name = `module${done.size}`;
    done.set(path, name);
    parts.push(
      `const ${name} = (() => {\n${bindings.join('\n')}\n${body.trim()}\nreturn { ${exported.join(', ')} };\n})();`,
    );
    return name;
  };

  add(entry, []);
  return `(() => {\n'use strict';\n${parts.join('\n')}\n})();\n`;
}

const importStatement = /^import ([^'"]*?) from ['"]([^'"]+)['"];$/gm;
const exportedDeclaration = /^export (const|class|function|async function) (\w+)/gm;

function binding(path: string, clause: string, target: string): string {
  if (/^\w+$/.test(clause)) return `const ${clause} = ${target};`;
  if (!/^\{[^}]*\}$/.test(clause)) throw new Error(`${path} has an import that cannot be joined: ${clause}`);
  return `const ${clause.replaceAll(/ as /g, ': ')} = ${target};`;
}

function globalOf(path: string, name: string, globals: Readonly<Record<string, string>>): string {
  const found = globals[name];
  if (found === undefined) throw new Error(`${path} imports ${name}, which the page does not have`);
  return `globalThis.${found}`;
}

/** `../model/figures.js`, seen from `browser/main.js`, is `model/figures.js`. */
function resolve(from: string, target: string): string {
  return new URL(target, `file:///${from}`).pathname.slice(1);
}
