import { readFileSync } from 'node:fs';
import { BothendsError, readFailure } from '@bothends/proto';
import { isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import { DEFAULT_POLICY, type Policy } from './policy.js';
import { READERS } from './settings.js';

/** Far beyond any policy that a person writes. */
const MAX_POLICY_BYTES = 64 * 1024;

/**
 * The policy in a file; the default one where no file is named.
 * @throws BothendsError `invalid-argument` when it cannot be read or understood
 */
export function readPolicy(path: string | undefined): Policy {
  if (path === undefined) return DEFAULT_POLICY;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const { why } = readFailure(cause);
    throw new BothendsError('invalid-argument', `policy ${path} cannot be read: ${why}`, { cause });
  }
  return parsePolicy(text, path);
}

/**
 * The policy that a YAML file says: a mapping with any of the settings in `deploy/policy.yaml`; the others keep their
 * defaults. Rules that need each other are checked together.
 * @param source names the file in errors
 * @throws BothendsError `invalid-argument` for anything else, because a policy that is half understood protects nobody
 */
export function parsePolicy(text: string, source: string): Policy {
  const fail: Fail = (line, what) => {
    const where = line === null ? source : `${source} line ${line}`;
    throw new BothendsError(
      'invalid-argument',
      `policy ${where}: ${what}; nothing of this file holds until it is right`,
    );
  };
  if (Buffer.byteLength(text) > MAX_POLICY_BYTES) fail(null, `more than ${MAX_POLICY_BYTES} bytes`);
  const policy: Policy = Object.assign({}, DEFAULT_POLICY, ...settingsOf(text, fail));
  if (policy.consent === 'ask' && policy.owners.length === 0) {
    fail(null, '"consent: ask" needs "owners", the users who may approve');
  }
  return policy;
}

type Fail = (line: number | null, what: string) => never;

function settingsOf(text: string, fail: Fail): Partial<Policy>[] {
  const lines = new LineCounter();
  const lineOf = (range: readonly number[] | null | undefined) =>
    range ? lines.linePos(range[0] ?? 0).line : null;
  // One plain value per key: no anchors to expand, no tags to run, no key that a later one quietly replaces.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const [error] = [...document.errors, ...document.warnings];
  if (error) fail(lineOf(error.pos), `not YAML (${error.message})`);
  const { contents } = document;
  if (contents === null) return [];
  if (!isMap(contents)) return fail(null, 'not a mapping of settings');
  return contents.items.map(({ key, value }) => {
    const name = isScalar(key) ? String(key.value) : '';
    const line = isScalar(key) ? lineOf(key.range) : null;
    const read = Object.hasOwn(READERS, name) ? READERS[name] : undefined;
    if (!read) return fail(line, `unknown setting "${name}" (there are: ${Object.keys(READERS).join(', ')})`);
    const plain: unknown = isScalar(value) ? value.value : document.toJS({ maxAliasCount: 0 })[name];
    const part = read.from(plain);
    return part ?? fail(line, `"${name}" cannot be ${JSON.stringify(plain)}; it is ${read.takes}`);
  });
}
