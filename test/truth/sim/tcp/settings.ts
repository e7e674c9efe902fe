import { MS } from '../scheduler.js';

export interface TcpSettings {
  readonly mss: number;
  readonly windowScale: number;
  readonly timestamps: boolean;
  readonly sack: boolean;
  /** Bytes that the receiver can hold unread. */
  readonly receiveBuffer: number;
  readonly tos: number;
  /** Negotiates ECN and marks data ECT(0). */
  readonly ecn: boolean;
}

/** Linux: TCP_RTO_MIN and TCP_RTO_MAX (net/tcp.h). */
export const RTO_MIN_NS = 200 * MS;
export const RTO_MAX_NS = 120_000 * MS;
/** Initial RTO and the gap between the first SYNs (tcp_syn_linear_timeouts = 4). */
export const SYN_RTO_NS = 1000 * MS;
export const SYN_LINEAR = 4;
/** tcp_syn_retries and tcp_synack_retries of Linux. */
export const SYN_RETRIES = 6;
export const SYN_ACK_RETRIES = 5;
/** TCP_DELACK_MIN of Linux. */
export const DELAYED_ACK_NS = 40 * MS;
/** Segments that are acknowledged at once at the start of a connection (TCP_MAX_QUICKACKS). */
export const QUICK_ACKS = 16;
/** Initial congestion window in segments (RFC 6928). */
export const INITIAL_WINDOW = 10;
/** Linux waits this long before it sends the SYN again after a wrong ACK in SYN-SENT. */
export const SYN_AGAIN_NS = 10 * MS;
