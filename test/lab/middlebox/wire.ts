import { createRequire } from 'node:module';

/** The part of the `cap` package (CommonJS, without types) that is used here. */
interface CapModule {
  readonly Cap: new () => CapHandle;
}

interface CapHandle {
  open(device: string, filter: string, bufferBytes: number, buffer: Buffer): string;
  on(event: 'packet', listener: (bytes: number) => void): void;
  send(buffer: Buffer, bytes: number): boolean;
  close(): void;
}

/** Bytes of the largest frame that veth hands over; offloads are off on the box's links. */
const FRAME_BYTES = 65_535;
/** Ring for bursts: about 500 frames of snaplen size (measured in the design notes on `cap`). */
const RING_BYTES = 32 * 1024 * 1024;

/** One interface of the box: frames that come in from its cable, and frames put onto it. */
export class Wire {
  private readonly handle: CapHandle;
  /** Kept here on purpose: `cap` holds a raw pointer to it, and would read freed memory. */
  private readonly buffer = Buffer.alloc(FRAME_BYTES);

  constructor(device: string, receive: (frame: Uint8Array) => void) {
    const { Cap } = createRequire(import.meta.url)('cap') as CapModule;
    this.handle = new Cap();
    // No filter: the kernel does not show a packet socket its own frames, and libpcap tests the frames that came
    // before a filter was set in user space, where `inbound` holds for none.
    this.handle.open(device, '', RING_BYTES, this.buffer);
    // A copy, and no Buffer: its `slice` would share memory.
    this.handle.on('packet', (bytes) => receive(new Uint8Array(this.buffer.subarray(0, bytes))));
  }

  send(frame: Uint8Array): void {
    const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
    this.handle.send(bytes, bytes.length);
  }

  close(): void {
    this.handle.close();
  }
}
