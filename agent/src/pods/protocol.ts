import type { InterfaceState } from '@bothends/proto/gen/bothends/v1/packet';
import type { Pod } from './pod.js';

/** What a capture in a pod may ask of tcpdump; its command line is made from it by the broker. */
export interface CaptureWish {
  readonly interface: string;
  readonly filter: string;
  readonly snaplen: number;
  readonly bufferBytes: number;
}

/** Signals that a running tcpdump understands: counters, finish, end. */
export const SIGNALS = ['SIGUSR1', 'SIGINT', 'SIGKILL'] as const;
export type CaptureSignal = (typeof SIGNALS)[number];

/** What the unprivileged agent may ask of the broker. Pods are named, never their files or processes. */
export type Request =
  | { readonly ask: 'pods' }
  | { readonly ask: 'network'; readonly pod: Pod }
  /** `output` is the agent's descriptor of a pipe, `capture` a number of its choice. */
  | {
      readonly ask: 'capture';
      readonly pod: Pod;
      readonly capture: number;
      readonly wish: CaptureWish;
      readonly output: number;
    }
  | { readonly ask: 'signal'; readonly capture: number; readonly signal: CaptureSignal }
  /** `payload` in hexadecimal. */
  | {
      readonly ask: 'datagram';
      readonly pod: Pod;
      readonly address: string;
      readonly port: number;
      readonly payload: string;
    };

/** Which pods run here, and who told. */
export interface PodList {
  readonly pods: readonly Pod[];
  readonly lookedAt: readonly string[];
  readonly answered: boolean;
}

/** What a pod's network looks like from inside. */
export interface PodNetwork {
  /** Inode of its namespace. */
  readonly namespace: string;
  readonly interfaces: readonly InterfaceState[];
}

/** A request with the number that its answer carries. */
export interface Numbered {
  readonly number: number;
  readonly request: Request;
}

/** From the broker to the agent. */
export type FromBroker =
  | { readonly answer: number; readonly value: unknown }
  | { readonly answer: number; readonly fault: { readonly code: string; readonly message: string } }
  /** What tcpdump says on stderr. */
  | { readonly capture: number; readonly says: string }
  | { readonly capture: number; readonly status: number | null; readonly signal: string | null };

/** One end of the way between the two. */
export interface Channel {
  send(message: object): void;
  onMessage(take: (message: unknown) => void): void;
  /** The other end is gone. */
  onClose(gone: () => void): void;
}
