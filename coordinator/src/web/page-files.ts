import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { ICON } from './assets/icon.js';
import { shell } from './assets/shell.js';
import { STYLE } from './assets/style.js';
import { acceptsGzip, type Exchange } from './exchange.js';

/** The built page: `../../dist` is the same folder seen from `src` (tests) and from `dist`. */
const PAGE_FOLDER = new URL('../../dist/page/', import.meta.url);
const PAGE_PREFIX = '/assets/page/';
const ENTRY = `${PAGE_PREFIX}main.js`;

/** Where browsers find the packages that the page imports, by their names: a browser resolves none. */
const PACKAGE_PREFIX = '/assets/package/';

interface PageFile {
  type: string;
  body: Buffer;
  zipped: Buffer;
  etag: string;
}

/** Everything that a browser gets of us, read once: the page, its modules and what they import, and no other file. */
export class PageFiles {
  readonly #files = new Map<string, PageFile>();

  /** @throws Error when the page was not built */
  constructor() {
    const modules = modulesFrom(ENTRY);
    for (const [path, code] of modules) this.#add(path, 'text/javascript; charset=utf-8', code);
    this.#add('/assets/style.css', 'text/css; charset=utf-8', STYLE);
    this.#add('/assets/icon.svg', 'image/svg+xml', ICON);
    this.#add('/', 'text/html; charset=utf-8', shell(ENTRY, [...modules.keys()]));
  }

  /** Answers with the file of a path; false where there is none. */
  send({ request, response }: Exchange, path: string): boolean {
    const file = this.#files.get(path);
    if (file === undefined) return false;
    // Asked for each time, so that a coordinator that was upgraded serves one version of all; answered with 304.
    response.setHeader('cache-control', 'no-cache');
    response.setHeader('etag', file.etag);
    response.setHeader('vary', 'accept-encoding');
    if (request.headers['if-none-match'] === file.etag) {
      response.writeHead(304).end();
      return true;
    }
    response.setHeader('content-type', file.type);
    if (acceptsGzip(request)) response.setHeader('content-encoding', 'gzip').end(file.zipped);
    else response.end(file.body);
    return true;
  }

  #add(path: string, type: string, text: string): void {
    const body = Buffer.from(text);
    const etag = `"${createHash('sha256').update(body).digest('base64url')}"`;
    this.#files.set(path, { type, body, zipped: gzipSync(body), etag });
  }
}

/** A module and all that it imports, by the path at which a browser asks for it. */
function modulesFrom(entry: string): Map<string, string> {
  const modules = new Map<string, string>();
  const waiting = [entry];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (modules.has(path)) continue;
    const source = readFileSync(fileOf(path), 'utf8').replace(/\n\/\/# sourceMappingURL=.*/, '');
    const code = source.replace(IMPORT, (_, head, name, quote) => `${head}${addressOf(name)}${quote}`);
    modules.set(path, code);
    for (const [, , name] of code.matchAll(IMPORT)) waiting.push(new URL(name, `https://x${path}`).pathname);
  }
  return modules;
}

/** `from './x.js'` and `import './x.js'`, minified or not. */
const IMPORT = /(\b(?:from|import)\s*["'])([^"'\n]+)(["'])/g;

function addressOf(name: string): string {
  return /^[./]/.test(name) ? name : `${PACKAGE_PREFIX}${name}.js`;
}

function fileOf(path: string): string {
  if (!path.startsWith(PACKAGE_PREFIX)) {
    return fileURLToPath(new URL(path.slice(PAGE_PREFIX.length), PAGE_FOLDER));
  }
  const { resolve } = createRequire(import.meta.url);
  return resolve(path.slice(PACKAGE_PREFIX.length).replace(/\.js$/, ''));
}
