import { BothendsError, GRPC_PORT } from '@bothends/proto';

export interface Address {
  /** Name or IP address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/** `HOST`, `HOST:PORT`, `1.2.3.4:PORT` or `[v6]:PORT`. Throws `invalid-argument`. */
export function parseTarget(text: string): Address {
  const match = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/.exec(text.trim());
  const port = Number(match?.[3] ?? GRPC_PORT);
  const host = match?.[1] ?? match?.[2];
  if (host && !host.startsWith('-') && port > 0 && port < 65_536) return { host, port };
  throw new BothendsError(
    'invalid-argument',
    `"${text}" is no address of a coordinator: write HOST:${GRPC_PORT}, or [IPv6]:${GRPC_PORT}`,
  );
}

/** The text that gRPC takes as a target. */
export function formatTarget({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
