import { readFile } from 'node:fs/promises';
import { BothendsError, readFailure } from '@bothends/proto';
import { type Command, InvalidArgumentError } from 'commander';
import { listenAddress } from './join.js';

export interface WebFlags {
  web: string;
  webCert?: string;
  webKey?: string;
  webhook?: string;
  webhookSecretFile?: string;
}

/** What the coordinator shows beside gRPC, as its package takes it. */
export interface Front {
  webAddress: string | null;
  webCredentials: { certificatePem: string; keyPem: string } | null;
  webhook: { url: string; secret: string } | null;
}

const WEB_PORT = 7480;
/** A secret shorter than this is a word, not a secret. */
const MIN_SECRET_LENGTH = 16;

/** The coordinator's options for its page and webhook. */
export function webOptions(command: Command): Command {
  return command
    .option('--web <address>', 'address and port of the page, or off', webAddress, `0.0.0.0:${WEB_PORT}`)
    .option('--web-cert <file>', "certificate chain of the page (PEM) instead of the fleet's own")
    .option('--web-key <file>', 'its private key (PEM)')
    .option('--webhook <url>', 'tell this address of every fault that a live capture finds', webhookUrl)
    .option('--webhook-secret-file <file>', 'secret that signs these messages');
}

/** Reads the files that the options name. @throws BothendsError `invalid-argument` that says which and why */
export async function frontOf(flags: WebFlags): Promise<Front> {
  return {
    webAddress: flags.web === 'off' ? null : flags.web,
    webCredentials: await credentialsOf(flags),
    webhook: await webhookOf(flags),
  };
}

async function credentialsOf({ webCert, webKey }: WebFlags): Promise<Front['webCredentials']> {
  if (webCert === undefined && webKey === undefined) return null;
  if (webCert === undefined || webKey === undefined) {
    throw new BothendsError('invalid-argument', '--web-cert and --web-key go together');
  }
  return {
    certificatePem: await read('--web-cert', webCert),
    keyPem: await read('--web-key', webKey),
  };
}

async function webhookOf({ webhook, webhookSecretFile }: WebFlags): Promise<Front['webhook']> {
  if (webhook === undefined && webhookSecretFile === undefined) return null;
  if (webhook === undefined || webhookSecretFile === undefined) {
    throw new BothendsError(
      'invalid-argument',
      '--webhook and --webhook-secret-file go together: without a secret a receiver cannot tell who sends',
    );
  }
  const secret = (await read('--webhook-secret-file', webhookSecretFile)).trim();
  if (secret.length >= MIN_SECRET_LENGTH) return { url: webhook, secret };
  throw new BothendsError(
    'invalid-argument',
    `the secret in ${webhookSecretFile} is too short (at least ${MIN_SECRET_LENGTH} characters): openssl rand -hex 32`,
  );
}

async function read(option: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const { why } = readFailure(cause);
    throw new BothendsError('invalid-argument', `${option} ${path} cannot be read: ${why}`, { cause });
  }
}

function webAddress(text: string): string {
  if (text === 'off') return text;
  const withPort = /^\[[^\]]*\]$|^[^:]*$/.test(text) ? `${text}:${WEB_PORT}` : text;
  return listenAddress(withPort);
}

function webhookUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && (url.protocol === 'https:' || url.protocol === 'http:')) return text;
  throw new InvalidArgumentError('a webhook is an http or https address, such as https://chat.example/hook');
}
