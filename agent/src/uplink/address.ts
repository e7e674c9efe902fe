import { BothendsError } from '@bothends/proto';

/** Where a coordinator listens unless its address says otherwise. */
export const DEFAULT_PORT = 7443;

/** Every coordinator's certificate carries this name, however it is reached. */
export const SERVER_NAME = 'bothends-coordinator';

export interface Address {
  /** Name or IP address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/** `HOST`, `HOST:PORT`, `1.2.3.4:PORT` or `[v6]:PORT`. Throws `invalid-argument`. */
export function parseTarget(text: string): Address {
  const match = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/.exec(text.trim());
  const port = Number(match?.[3] ?? DEFAULT_PORT);
  const host = match?.[1] ?? match?.[2];
  if (host && !host.startsWith('-') && port > 0 && port < 65_536) return { host, port };
  throw new BothendsError(
    'invalid-argument',
    `"${text}" is no address of a coordinator: write HOST:${DEFAULT_PORT}, or [IPv6]:${DEFAULT_PORT}`,
  );
}

/** The text that gRPC takes as a target. */
export function formatTarget({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
