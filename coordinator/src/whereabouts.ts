import { GRPC_PORT } from '@bothends/proto';
import { hostAddresses, isWildcard, joinHostPort, likelyHost, splitHostPort } from './addresses.js';

export interface WhereaboutsOptions {
  /** Where to listen, `host:port`; default `0.0.0.0:7443`. Port 0 takes a free one. */
  grpcAddress?: string;
  /** `host` or `host:port` at which agents and people reach this coordinator; default: this host's address. */
  advertise?: string | null;
}

/** Where a coordinator listens, and by what names it is reached. */
export class Whereabouts {
  /** Taps leave the traffic with it out. The port changes once, when a free one was taken. */
  readonly endpoint: { port: number; addresses: string[] };
  /** Host by which others reach it; certificates and links carry it. */
  readonly host: string;
  readonly #bound: string;
  readonly #advertisedPort: number | null;

  constructor({ grpcAddress, advertise }: WhereaboutsOptions) {
    const { host, port } = splitHostPort(grpcAddress ?? `0.0.0.0:${GRPC_PORT}`);
    const told = splitHostPort(advertise ?? (isWildcard(host) ? likelyHost() : host));
    this.endpoint = { port: port ?? GRPC_PORT, addresses: hostAddresses() };
    this.host = told.host;
    this.#bound = host;
    this.#advertisedPort = told.port;
  }

  /** `host:port` to bind. */
  get listenOn(): string {
    return joinHostPort({ host: this.#bound || '0.0.0.0', port: this.endpoint.port });
  }

  /** `host:port` for clients on this machine. */
  get local(): string {
    const host = isWildcard(this.#bound) ? '127.0.0.1' : this.#bound;
    return joinHostPort({ host, port: this.endpoint.port });
  }

  /** `host:port` for other hosts. */
  get advertised(): string {
    return joinHostPort({ host: this.host, port: this.#advertisedPort ?? this.endpoint.port });
  }

  /** What a server's certificate must hold. */
  get names(): string[] {
    return [this.host, ...this.endpoint.addresses];
  }
}
