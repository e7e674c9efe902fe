import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { BothendsError } from '@bothends/proto';

/** Where a coordinator is and the certificate that it knows its user by. Written by the coordinator. */
export interface Context {
  readonly name: string;
  /** `host:port` of the coordinator's gRPC. */
  readonly address: string;
  readonly caPem: string;
  readonly certificatePem: string;
  readonly keyPem: string;
}

const FIELDS = ['name', 'address', 'caPem', 'certificatePem', 'keyPem'] as const;

type Environment = Readonly<Record<string, string | undefined>>;

/** The context file in force: `--context`, else BOTHENDS_CONTEXT, else the user's configuration folder. */
export function contextPath(flag: string | undefined, env: Environment): string {
  const named = flag ?? env.BOTHENDS_CONTEXT;
  if (named) return named;
  return join(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config'), 'bothends', 'context.json');
}

/** Reads and checks a context file. Throws BothendsError saying what is wrong with it and what to do. */
export function loadContext(path: string): Context {
  const value = parseObject(readText(path), path);
  for (const field of FIELDS) {
    if (typeof value[field] !== 'string' || value[field] === '') {
      throw unusable(path, `it has no "${field}"`);
    }
  }
  return value as unknown as Context;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') {
      throw new BothendsError(
        'failed-precondition',
        `no context file at ${path}: a coordinator writes one for its administrator ` +
          'on its first start; name another with --context FILE or BOTHENDS_CONTEXT',
        { cause: error },
      );
    }
    throw unusable(path, code === 'EACCES' ? 'you may not read it' : String(code ?? error), error);
  }
}

function parseObject(text: string, path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unusable(path, 'it is not JSON', error);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw unusable(path, 'it is not a JSON object');
}

function unusable(path: string, why: string, cause?: unknown): BothendsError {
  return new BothendsError(
    'failed-precondition',
    `cannot use the context file ${path}: ${why}; ask the coordinator's administrator for a new one`,
    { cause },
  );
}
