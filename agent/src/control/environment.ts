import type { KeyObject } from 'node:crypto';
import type { Logger } from 'pino';
import type { Clock } from '../clock/clock.js';
import type { PodsOfNode } from '../pods/node.js';
import type { Policy } from '../policy/policy.js';
import type { RawStore } from '../raw/raw-store.js';
import type { Place } from './place.js';
import type { OwnedTap } from './taps/owned-tap.js';

/** Everything that a tap needs of the agent around it. */
export interface TapEnvironment extends Place {
  /** Name of the agent, for messages. */
  readonly name: string;
  readonly pods: PodsOfNode;
  /** As the owner's file says now. */
  readonly policy: () => Policy;
  /** X25519 private key of this run; digest keys are agreed with it. */
  readonly exchangeKey: KeyObject;
  /** Where packets are kept as they were captured. */
  readonly raw: RawStore;
  readonly clock: Clock;
  readonly randomBytes: (count: number) => Uint8Array;
  /** Directory of a tap's spool. */
  readonly directoryOf: (tapId: string) => string;
  readonly logger: Logger;
  /** The tap's phase changed, or it is done. */
  readonly changed: (tap: OwnedTap) => void;
  /** There is something new to ship. */
  readonly pump: () => void;
}
