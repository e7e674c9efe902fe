import { readFile } from 'node:fs/promises';
import { writePrivateFile } from './private-file.js';

/** What a client needs to reach a coordinator and be known there; the CLI reads this file. */
export interface Context {
  name: string;
  /** `host:port` of the gRPC service. */
  address: string;
  caPem: string;
  certificatePem: string;
  keyPem: string;
}

/** The context in a file; null when there is none or it is not one. */
export async function readContext(path: string): Promise<Context | null> {
  try {
    const value = JSON.parse(await readFile(path, 'utf8')) as Partial<Record<keyof Context, unknown>> | null;
    const { name, address, caPem, certificatePem, keyPem } = value ?? {};
    const fields = { name, address, caPem, certificatePem, keyPem };
    if (Object.values(fields).every((field) => typeof field === 'string')) return fields as Context;
  } catch {
    // Missing, unreadable or not JSON: the caller decides what having none means.
  }
  return null;
}

export async function writeContext(path: string, context: Context): Promise<void> {
  await writePrivateFile(path, `${JSON.stringify(context, null, 2)}\n`);
}
