import { createRequire } from 'node:module';

/** What is used of the `cap` package (0.2.1, CommonJS, native). */
export interface NativeCapture {
  /** Returns the link type's name. Throws Error with libpcap's message. */
  open(device: string, filter: string, ringBytes: number, buffer: Buffer): string;
  close(): boolean;
  on(event: 'packet', listener: (capturedBytes: number, truncated: boolean) => void): void;
  removeAllListeners(event: 'packet'): void;
}

interface NativeModule {
  readonly Cap: new () => NativeCapture;
}

/** Loads the package, which is an optional dependency; throws what `require` throws. */
export function loadNative(): NativeModule {
  return createRequire(import.meta.url)('cap') as NativeModule;
}

/** Version of the package; empty when it does not say. */
export function nativeVersion(): string {
  const { version } = createRequire(import.meta.url)('cap/package.json') as { version?: string };
  return version ?? '';
}

/** LINKTYPE numbers of the names that `open` returns. */
const LINK_TYPES: ReadonlyMap<string, number> = new Map([
  ['NULL', 0],
  ['ETHERNET', 1],
  ['RAW', 101],
  ['LINKTYPE_LINUX_SLL', 113],
  ['IEEE802_11_RADIO', 127],
]);

/** The link type by number; others come as "Unknown linktype N". */
export function linkTypeByName(name: string): number {
  return LINK_TYPES.get(name) ?? Number(/\d+$/.exec(name)?.[0] ?? Number.NaN);
}
