/** Takes packets as they were captured, beside the rows that are made of them. */
export interface RawSink {
  /**
   * Says what kind of packets follow; once for each opening of the capture.
   * @param linkType LINKTYPE number
   * @param snaplen bytes
   */
  begin(linkType: number, snaplen: number): void;
  /** One packet, stamped in seconds and ns since the epoch: `length` bytes from `at`; the bytes may change after this returns. */
  packet(
    seconds: number,
    nanoseconds: number,
    wireLength: number,
    bytes: Uint8Array,
    at: number,
    length: number,
  ): void;
}
