/**
 * One end of a conversation, played by a real socket in its own process: what it does, step by step. Truth about an
 * incident comes from the events that it prints (`EndpointEvent`), not from packets.
 *
 * To give TCP segments another TTL, set `net.ipv4.ip_default_ttl` on the host; for small socket buffers
 * `net.ipv4.tcp_rmem`; for a process that hangs, send SIGSTOP.
 */
export interface EndpointSpec {
  /** Default `tcp`. */
  protocol?: 'tcp' | 'udp';
  /** A listener plays the steps once for each connection (TCP) or sender (UDP), until it is stopped. */
  role: 'listen' | 'connect';
  /** Address to listen on or connect to. Default for a listener: all of both families. */
  address?: string;
  port: number;
  /** Source address and port of a connector; default the kernel's choice. */
  local?: { address?: string; port?: number };
  /** Length of the accept queue. */
  backlog?: number;
  /** False: nothing is read until a `resume` step. Default true: data is read as it comes, and counted. */
  reading?: boolean;
  /** TCP keepalive after so many ms of idleness (whole seconds to the kernel). Default off. */
  keepAliveMs?: number;
  /** TTL or hop limit of UDP datagrams. */
  ttl?: number;
  /** When they are over, the connection is closed as by `close`. */
  steps?: readonly Step[];
}

export type Step =
  /** Bytes of a fixed pattern, or the text; goes on when the kernel has taken them. */
  | { do: 'send'; bytes: number }
  | { do: 'send'; text: string }
  /** Until so many more bytes have come (UDP: so many datagrams' bytes). */
  | { do: 'receive'; bytes: number }
  /** Send back whatever comes, until the peer's FIN. */
  | { do: 'echo' }
  /** Read and forget until the peer's FIN. */
  | { do: 'drain' }
  /** Read one chunk, then nothing for a while, and so on: a slow reader. */
  | { do: 'trickle'; everyMs: number }
  | { do: 'stall' }
  | { do: 'resume' }
  | { do: 'wait'; ms: number }
  /** Until the scenario says this word (`EndpointProcess.tell`). */
  | { do: 'await'; word: string }
  /** shutdown(2) of the sending side: FIN, and reading goes on. */
  | { do: 'end' }
  /** close(2): FIN; RST where data is unread. */
  | { do: 'close' }
  /** close(2) with SO_LINGER 0: RST. */
  | { do: 'reset' }
  | { do: 'repeat'; times: number; steps: readonly Step[] };

/**
 * A line on standard output, `NAME CONNECTION DETAIL`:
 * - `listening 0 ADDRESS PORT`
 * - `connected N LOCAL PORT REMOTE PORT` also for accepted ones, N from 1
 * - `sent N BYTES`, `received N BYTES` when such a step is over
 * - `told N WORD`, `ended N` (the peer's FIN)
 * - `reset N CODE` (ECONNRESET, EPIPE), `error N CODE` (ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH, …)
 * - `closed N BYTES` at the end of a connection, with all bytes that it read
 */
export interface EndpointEvent {
  name: EventName;
  connection: number;
  detail: string;
}

export type EventName =
  | 'listening'
  | 'connected'
  | 'sent'
  | 'received'
  | 'told'
  | 'ended'
  | 'reset'
  | 'error'
  | 'closed';
