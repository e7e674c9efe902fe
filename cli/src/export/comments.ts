import type { Finding, Report } from '@bothends/proto';

/** What findings say of single packets; by tap name and number at that tap. */
export class PacketComments {
  readonly #byTap = new Map<string, Map<number, string[]>>();

  constructor({ findings }: Report) {
    for (const finding of findings) this.#addFinding(finding);
  }

  /** One line for each finding that rests on this packet, or that it speaks against. */
  of(tap: string, number: number): readonly string[] {
    return this.#byTap.get(tap)?.get(number) ?? [];
  }

  #addFinding({ id, code, grade, evidence, counter }: Finding): void {
    const head = `bothends ${id} ${code} (${grade})`;
    for (const { text, packets } of evidence) this.#add(packets, `${head}: ${text}`);
    for (const { text, packets } of counter) this.#add(packets, `${head}, against it: ${text}`);
  }

  #add(packets: readonly { tap: string; number: number }[], comment: string): void {
    for (const { tap, number } of packets) {
      const ofTap = this.#byTap.get(tap) ?? new Map<number, string[]>();
      this.#byTap.set(tap, ofTap);
      const comments = ofTap.get(number) ?? [];
      ofTap.set(number, comments);
      if (!comments.includes(comment)) comments.push(comment);
    }
  }
}
