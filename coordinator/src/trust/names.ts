import { BothendsError } from '@bothends/proto';

/** As a DNS label or a dotted host name: safe in a certificate, in a URI, on a command line and in a file name. */
const HOST_NAME = /^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/;

/**
 * Checks a name that an agent or a user asks for.
 * @throws BothendsError `invalid-argument` that says what a name may be.
 */
export function checkName(name: string): string {
  if (HOST_NAME.test(name)) return name;
  throw new BothendsError(
    'invalid-argument',
    `"${printable(name)}" is no name for an agent: use 1 to 63 of a-z, 0-9, ".", "_" and "-", ` +
      'with a letter or digit at both ends (--name)',
  );
}

/** A foreign string cut and made harmless for a message or a log line. */
export function printable(text: string, characters = 80): string {
  const cut = text.length > characters ? `${text.slice(0, characters)}…` : text;
  return cut.replace(/[^\x20-\x7e…]/g, '?');
}
