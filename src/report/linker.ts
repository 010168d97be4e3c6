/**
 * The page's modules as one script without imports: what goes into a report file, which may ask nobody for anything.
 *
 * Each module becomes a function that returns its exports, in the order of their imports; the modules are this project's
 * own and keep to what the linker reads: relative, named imports; exports of declarations; no cycles (biome enforces that).
 * In the repository modules are TypeScript and Node takes the types out; in the package they are JavaScript already. So there
 * is no build step whose result could be old, and no bundler to install.
 *
 * Rejected: esbuild (a binary for each platform, to join some twenty files; and from the sources a report would have the page of
 * the last build); an import map of data: URLs (specifiers would have to be rewritten all the same, and base64 cannot be read).
 */
import { readFileSync } from "node:fs";
import * as nodeModule from "node:module";

/** A module of the page is written in a way that the linker does not read. */
export class PageModuleError extends Error {
  readonly code = "ERR_PAGE_MODULE";
  constructor(url: string, problem: string) {
    super(`${url}: ${problem}`);
    this.name = "PageModuleError";
  }
}

const IMPORT = /^import\s+(\{[^}]*\}|\*\s+as\s+\w+)\s+from\s+"([^"]+)";?[ \t]*$/gm;
const EXPORT = /^export\s+((?:async\s+)?(?:const|let|function\*?|class)\s+([\w$]+))/gm;
const OTHER_MODULE_SYNTAX = /^(?:import|export)\b.*$/m;

/** The script that runs the module at `entry`, and all that it imports. Throws PageModuleError. */
export function linkPage(entry: URL): string {
  const numbers = new Map<string, number>();
  const parts: string[] = [];
  add(entry, numbers, parts);
  return parts.join("\n");
}

/** Adds the module behind what it imports; returns its number. */
function add(url: URL, numbers: Map<string, number>, parts: string[]): number {
  const known = numbers.get(url.href);
  if (known !== undefined) return known;
  const exported: string[] = [];
  const code = sourceOf(url)
    .replace(IMPORT, (_, names: string, specifier: string) => {
      if (!specifier.startsWith(".")) throw new PageModuleError(url.href, `imports ${specifier}`);
      const from = `module${add(new URL(specifier, url), numbers, parts)}`;
      const binding = names.startsWith("*")
        ? names.replace(/\*\s+as\s+/, "")
        : names.replace(/\s+as\s+/g, ": ");
      return `const ${binding} = ${from};`;
    })
    .replace(EXPORT, (_, declaration: string, name: string) => {
      exported.push(name);
      return declaration;
    });
  const other = OTHER_MODULE_SYNTAX.exec(code);
  if (other !== null) throw new PageModuleError(url.href, `cannot link "${other[0]}"`);
  const number = numbers.size;
  numbers.set(url.href, number);
  const name = url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
  parts.push(
    `// ${name}\nconst module${number} = (() => {\n${code.trim()}\nreturn { ${exported.join(", ")} };\n})();`,
  );
  return number;
}

function sourceOf(url: URL): string {
  const text = readFileSync(url, "utf8").replace(/^\/\/# sourceMappingURL=.*$/m, "");
  return withoutComments(url.pathname.endsWith(".ts") ? withoutTypes(text) : text);
}

/** Node warns that this is new; whoever reads a benchmark's output is not to be told of that. */
function withoutTypes(text: string): string {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    return nodeModule.stripTypeScriptTypes(text);
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** Header comments and docstrings are for readers of the sources; lines that types have left blank go, too. */
function withoutComments(text: string): string {
  return text
    .replace(/^[ \t]*\/\*\*[\s\S]*?\*\/[ \t]*\n/gm, "")
    .replace(/[ \t]+$/gm, "")
    .replace(/\n{2,}/g, "\n");
}
