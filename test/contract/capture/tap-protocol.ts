import type { BackEndName, TapStats, TimestampSource } from '@bothends/agent/capture/source';

export interface TapRequest {
  readonly backEnd: BackEndName;
  /** Or a path. */
  readonly interface: string;
  readonly filter: string;
  readonly snaplen: number;
  /** Print no rows: there are too many. */
  readonly countOnly: boolean;
  /** Take nothing until the tap is closed, as a consumer that hangs. */
  readonly takeLate?: boolean;
  /** Also keep the packets as they are captured in this file. */
  readonly rawFile?: string;
  /** Default: what agents ask for. */
  readonly ringBytes?: number;
}

export interface TapRow {
  /** Epoch ns in decimal: JSON has no integers of 64 bits. */
  readonly timeNs: string;
  readonly protocol: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly tcpFlags: number;
  readonly payloadLength: number;
  readonly capturedLength: number;
  readonly wireLength: number;
  readonly ifindex: number;
  readonly packetType: number;
  readonly vlan: number;
  readonly digest: string;
}

export type TapEvent =
  | { readonly kind: 'open'; readonly timestamps: TimestampSource }
  | { readonly kind: 'row'; readonly row: TapRow }
  | {
      readonly kind: 'end';
      /** Rows that were yielded. */
      readonly packets: number;
      readonly stats: TapStats;
      readonly failure: string | null;
    }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string };
