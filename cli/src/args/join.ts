import { GRPC_PORT } from '@bothends/proto';
import { InvalidArgumentError } from 'commander';

/** `--join`: `HOST`, `HOST:PORT` or `[V6]:PORT`; the port is 7443 where it is not given. */
export function coordinatorAddress(text: string): string {
  return hostPort(text, GRPC_PORT, 'a coordinator is HOST:PORT, such as ops-1:7443');
}

/** `--listen`: an address of this machine and a port. */
export function listenAddress(text: string): string {
  return hostPort(text, GRPC_PORT, 'an address to listen on is HOST:PORT, such as 0.0.0.0:7443');
}

/** `--advertise`: a host, with a port only where it differs from the one listened on. */
export function advertisedAddress(text: string): string {
  if (/:\d+$/.test(text)) return hostPort(text, GRPC_PORT, 'advertise HOST or HOST:PORT');
  hostPort(text, GRPC_PORT, 'advertise HOST or HOST:PORT');
  return text;
}

/** `--ca-hash`: `sha256:` and 64 hexadecimal digits, as the join line has it. */
export function caHash(text: string): string {
  if (/^sha256:[0-9a-f]{64}$/i.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError(
    'a CA hash is sha256: and 64 hexadecimal digits; copy it from the join line',
  );
}

function hostPort(text: string, defaultPort: number, otherwise: string): string {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]\s-][^:[\]\s]*)(?::(\d{1,5}))?$/.exec(text);
  const port = Number(match?.[2] ?? defaultPort);
  if (match && port >= 1 && port <= 65_535) return `${match[1]}:${port}`;
  throw new InvalidArgumentError(otherwise);
}
