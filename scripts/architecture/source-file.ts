/** Reads one TypeScript file into what the architecture rules ask about. Knows syntax, no rule. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from '@swc/core';

export interface ImportedModule {
  readonly specifier: string;
  /** True for `import type`: gone at run time, yet still a dependency between files. */
  readonly isTypeOnly: boolean;
  /** True for `import()`: loaded when that line runs, not with the file. */
  readonly isDeferred: boolean;
}

interface FunctionShape {
  readonly name: string;
  /** Line of its first character, from 1. */
  readonly line: number;
  /** Lines from the first to the last character. */
  readonly lines: number;
  /** `lines` without those of functions written inside it. */
  readonly ownLines: number;
  /** Without the organization id that each storage method has in front; 0 for a callback, whose caller decides. */
  readonly parameters: number;
}

export interface SourceFile {
  /** Relative to the root, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly ImportedModule[];
  readonly exports: readonly string[];
  readonly functions: readonly FunctionShape[];
  /** What it takes from its surroundings: `process`, `Date.now`, `new Date()`, `Math.random`, `fetch`. */
  readonly surroundings: readonly string[];
  /** How many accessors its object literals have. */
  readonly accessors: number;
}

type Node = Readonly<Record<string, unknown>> & { readonly type: string };

/** All `.ts` files below the folders, sorted; type declarations (`.d.ts`) are left out. */
export function listSourcePaths(root: string, folders: readonly string[]): string[] {
  return folders
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(root.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort();
}

/** Reads and parses all of them. Throws on a syntax error: a file that cannot be read must not count as clean. */
export function readSourceFiles(root: string, folders: readonly string[]): SourceFile[] {
  return listSourcePaths(root, folders).map((path) =>
    parseSource(path, readFileSync(join(root, path), 'utf8')),
  );
}

/** Parses one text as the file of that path. */
export function parseSource(path: string, text: string): SourceFile {
  // The empty statement in front tells where this parser starts to count: it goes on where the last file ended.
  const bytes = Buffer.from(`;${text}`, 'utf8');
  const module: unknown = parseSync(bytes.toString('utf8'), { syntax: 'typescript', target: 'es2024' });
  const [first, ...body] = isNode(module) && Array.isArray(module.body) ? module.body.filter(isNode) : [];
  if (first === undefined) throw new Error(`${path} could not be parsed`);
  const origin = spanOf(first).start;
  const lineAt = (position: number) =>
    bytes
      .subarray(0, position - origin)
      .toString('latin1')
      .split('\n').length;

  const imports: ImportedModule[] = [];
  const exported: string[] = [];
  const found: FunctionNode[] = [];
  const surroundings: string[] = [];
  let accessors = 0;
  const callbacks = new Set<unknown>();
  walk(body, 'top', (node, name) => {
    imports.push(...importsOf(node));
    exported.push(...exportsOf(node));
    surroundings.push(...surroundingsOf(node));
    if (ACCESSORS.has(node.type)) accessors += 1;
    for (const argument of argumentsOf(node)) callbacks.add(argument);
    const parameters = parametersOf(node);
    if (parameters !== undefined)
      found.push({ node, name, parameters: callbacks.has(node) ? 0 : parameters });
  });
  return {
    path,
    text,
    imports,
    exports: exported,
    functions: shapes(found, lineAt),
    surroundings,
    accessors,
  };
}

/** Those of classes are methods. */
const ACCESSORS: ReadonlySet<string> = new Set(['GetterProperty', 'SetterProperty']);

interface FunctionNode {
  readonly node: Node;
  readonly name: string;
  readonly parameters: number;
}

function shapes(found: readonly FunctionNode[], lineAt: (position: number) => number): FunctionShape[] {
  const ranges = found.map(({ node, name, parameters }) => {
    const { start, end } = spanOf(node);
    return { name, parameters, first: lineAt(start), last: lineAt(end - 1), start, end };
  });
  return ranges.map((outer) => {
    const covered = new Set<number>();
    for (const inner of ranges) {
      if (inner === outer || inner.start < outer.start || inner.end > outer.end) continue;
      // The first and last line of an inner function are shared with the code around it.
      for (let line = inner.first + 1; line < inner.last; line += 1) covered.add(line);
    }
    const lines = outer.last - outer.first + 1;
    const { name, parameters, first } = outer;
    return { name, line: first, lines, ownLines: lines - covered.size, parameters };
  });
}

/** Calls back for each node, with the nearest name around it, such as the variable a function is assigned to. */
function walk(value: unknown, name: string, visit: (node: Node, name: string) => void): void {
  if (Array.isArray(value)) {
    for (const entry of value) walk(entry, name, visit);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if (!isNode(value)) {
    for (const inner of Object.values(value)) walk(inner, name, visit);
    return;
  }
  const own = nameOf(value) ?? name;
  visit(value, own);
  for (const [key, inner] of Object.entries(value)) if (key !== 'span') walk(inner, own, visit);
}

function nameOf(node: Node): string | undefined {
  if (node.type === 'CallExpression') return calleeOf(node.callee);
  for (const candidate of [node.identifier, node.id, node.key]) {
    if (isNode(candidate) && typeof candidate.value === 'string') return candidate.value;
  }
  return node.type === 'Constructor' ? 'constructor' : undefined;
}

/** `describe` or `test`, also with `.each(...)`; undefined for other calls: their arguments keep the outer name. */
function calleeOf(callee: unknown): string | undefined {
  if (!isNode(callee)) return undefined;
  if (callee.type === 'Identifier') return textOf(callee)?.match(/^(describe|test)$/)?.[0];
  return calleeOf(callee.type === 'CallExpression' ? callee.callee : callee.object);
}

/** How many parameters a function takes; undefined when the node is no function with a body. */
function parametersOf(node: Node): number | undefined {
  const isMethod = node.type === 'ClassMethod' || node.type === 'PrivateMethod';
  const inner = isMethod ? node.function : node;
  const isFunction =
    isMethod ||
    /^(Function(Declaration|Expression)|ArrowFunctionExpression|MethodProperty|Constructor)$/.test(node.type);
  if (!isFunction || !isNodeLike(inner) || inner.body === null || inner.body === undefined) return undefined;
  const names = (Array.isArray(inner.params) ? inner.params : []).map(parameterName);
  // Express tells an error handler from others by its four parameters.
  if (names.length === 4 && /^_?next$/.test(names[3] ?? '')) return 3;
  return names.length - (names[0] === 'organizationId' ? 1 : 0);
}

/** Methods wrap each parameter once more than arrow functions do; patterns have no name. */
function parameterName(parameter: unknown): string | undefined {
  if (!isNodeLike(parameter)) return undefined;
  return textOf(parameter) ?? textOf(parameter.pat);
}

function argumentsOf(node: Node): unknown[] {
  if (node.type !== 'CallExpression' || !Array.isArray(node.arguments)) return [];
  return node.arguments.map((argument: unknown) => (isNodeLike(argument) ? argument.expression : undefined));
}

function importsOf(node: Node): ImportedModule[] {
  const isDeclaration = /^(Import|ExportNamed|ExportAll)Declaration$/.test(node.type);
  if (isDeclaration && isNode(node.source) && typeof node.source.value === 'string') {
    const specifiers = Array.isArray(node.specifiers) ? node.specifiers.filter(isNode) : [];
    const isEachType = specifiers.length > 0 && specifiers.every((entry) => entry.isTypeOnly === true);
    return [
      { specifier: node.source.value, isTypeOnly: node.typeOnly === true || isEachType, isDeferred: false },
    ];
  }
  if (node.type === 'TsImportType' && isNode(node.argument)) {
    return [{ specifier: String(node.argument.value), isTypeOnly: true, isDeferred: false }];
  }
  if (node.type !== 'CallExpression' || !isNode(node.callee) || node.callee.type !== 'Import') return [];
  const [argument] = Array.isArray(node.arguments) ? node.arguments : [];
  const target: unknown = isNodeLike(argument) ? argument.expression : undefined;
  // A computed import names nothing a rule could look at; the marker fits no allowed folder or package.
  const isLiteral = isNode(target) && typeof target.value === 'string';
  return [
    { specifier: isLiteral ? String(target.value) : '(computed)', isTypeOnly: false, isDeferred: true },
  ];
}

function exportsOf(node: Node): string[] {
  if (node.type === 'ExportNamedDeclaration' && Array.isArray(node.specifiers)) {
    return node.specifiers.filter(isNode).map((entry) => textOf(entry.exported) ?? textOf(entry.orig) ?? '');
  }
  if (node.type !== 'ExportDeclaration' || !isNode(node.declaration)) return [];
  const { declaration } = node;
  if (!Array.isArray(declaration.declarations))
    return [textOf(declaration.identifier) ?? textOf(declaration.id) ?? ''];
  return declaration.declarations.filter(isNode).map((entry) => textOf(entry.id) ?? '');
}

function surroundingsOf(node: Node): string[] {
  if (node.type === 'NewExpression' && textOf(node.callee) === 'Date') {
    return Array.isArray(node.arguments) && node.arguments.length > 0 ? [] : ['new Date()'];
  }
  if (node.type === 'CallExpression' && textOf(node.callee) === 'fetch') return ['fetch'];
  if (node.type === 'VariableDeclarator' && textOf(node.init) === 'process') return ['process'];
  if (node.type !== 'MemberExpression') return [];
  const [object, property] = [textOf(node.object), textOf(node.property)];
  if (object === 'process' || (object === 'globalThis' && property === 'process')) return ['process'];
  const used = `${object}.${property}`;
  return used === 'Date.now' || used === 'Math.random' ? [used] : [];
}

const textOf = (node: unknown) => (isNode(node) && typeof node.value === 'string' ? node.value : undefined);

function spanOf(node: Node): { start: number; end: number } {
  const span: unknown = isNodeLike(node.function) ? (node.span ?? node.function.span) : node.span;
  if (!isNodeLike(span) || typeof span.start !== 'number' || typeof span.end !== 'number') {
    throw new Error(`a ${node.type} without position`);
  }
  return { start: span.start, end: span.end };
}

function isNodeLike(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isNode(value: unknown): value is Node {
  return isNodeLike(value) && typeof value.type === 'string';
}
