import type { TapProgress, TapState } from '@bothends/proto/gen/bothends/v1/agent';
import type { Shipment } from '../../uplink/shipper.js';

/** A tap that the agent answers for, running or left over from an earlier run. */
export interface OwnedTap extends Shipment {
  /** True once it takes no more packets. */
  readonly ended: boolean;
  /** True once it has ended and nothing waits to be committed: the agent may forget it. */
  readonly done: boolean;
  readonly spoolBytes: number;
  state(): TapState;
  progress(): TapProgress;
  start(): void;
  /** Ends it after `leadOutMs`; with `discard` at once, with all that it took. */
  stop(leadOutMs: number, discard: boolean): void;
  /** A ceiling is reached: ends it at once, keeps all that it took, and says why in its coverage. */
  drain(ceiling: string): void;
  /** Somebody set the wall clock; the two times are just before, in the old time, and after, in the new. */
  clockStepped(oldNs: bigint, newNs: bigint): void;
  /** Takes what it has off the disk. */
  destroy(): void;
  /** Closes its files and leaves them for the next run. */
  close(): void;
}
