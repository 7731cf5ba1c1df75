// @ts-check
import ts from "typescript";

/** @typedef {{specifier: string, names: readonly string[], line: number}} SourceImport `names` are the imported names before renaming; `*` for all */
/** @typedef {{name: string, line: number}} GlobalUse */

/**
 * Lists what a TypeScript or JavaScript source imports (static, dynamic, re-export, type) and which of the given globals it uses.
 * Lines count from 1. Comments, strings and property names do not count as uses.
 * @param {string} file used for the syntax (by suffix) only
 * @param {string} text
 * @param {{globals: readonly string[], calls: readonly string[]}} watched
 * @returns {{imports: SourceImport[], uses: GlobalUse[]}}
 */
export function scanSource(file, text, watched) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  /** @type {SourceImport[]} */
  const imports = [];
  /** @type {GlobalUse[]} */
  const uses = [];
  const lineOf = (/** @type {ts.Node} */ node) => source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;

  const visit = (/** @type {ts.Node} */ node) => {
    const found = importOf(node);
    if (found !== undefined) imports.push({ ...found, line: lineOf(node) });
    const use = useOf(node, watched);
    if (use !== undefined) uses.push({ name: use, line: lineOf(node) });
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { imports, uses };
}

/**
 * @param {ts.Node} node
 * @returns {{specifier: string, names: string[]} | undefined}
 */
function importOf(node) {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    return { specifier: node.moduleSpecifier.text, names: bindingNames(node.importClause?.namedBindings) };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined && ts.isStringLiteral(node.moduleSpecifier)) {
    return { specifier: node.moduleSpecifier.text, names: bindingNames(node.exportClause) };
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal)) {
    return { specifier: node.argument.literal.text, names: [] };
  }
  if (ts.isCallExpression(node) && isImportCall(node)) {
    const [argument] = node.arguments;
    if (argument !== undefined && ts.isStringLiteralLike(argument)) return { specifier: argument.text, names: ["*"] };
  }
  return undefined;
}

/** @param {ts.CallExpression} call */
function isImportCall(call) {
  return (
    call.expression.kind === ts.SyntaxKind.ImportKeyword ||
    (ts.isIdentifier(call.expression) && call.expression.text === "require")
  );
}

/**
 * @param {ts.NamedImportBindings | ts.NamedExportBindings | undefined} bindings
 * @returns {string[]}
 */
function bindingNames(bindings) {
  if (bindings === undefined) return [];
  if (!ts.isNamedImports(bindings) && !ts.isNamedExports(bindings)) return ["*"];
  return bindings.elements.map((element) => (element.propertyName ?? element.name).text);
}

/**
 * @param {ts.Node} node
 * @param {{globals: readonly string[], calls: readonly string[]}} watched
 * @returns {string | undefined}
 */
function useOf(node, watched) {
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    const path = `${node.expression.text}.${node.name.text}`;
    if (watched.calls.includes(path)) return path;
    if (node.expression.text === "globalThis" && watched.globals.includes(node.name.text)) return path;
  }
  if (ts.isNewExpression(node) && node.expression.getText() === "Date" && !node.arguments?.length) return "new Date()";
  if (ts.isIdentifier(node) && watched.globals.includes(node.text) && isValueUse(node)) return node.text;
  return undefined;
}

/** True unless the identifier only names a property, a member or a type. @param {ts.Identifier} node */
function isValueUse(node) {
  const { parent } = node;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isTypeReferenceNode(parent) || ts.isQualifiedName(parent)) return false;
  const named = /** @type {{name?: ts.Node, propertyName?: ts.Node}} */ (/** @type {unknown} */ (parent));
  return named.name !== node && named.propertyName !== node;
}
