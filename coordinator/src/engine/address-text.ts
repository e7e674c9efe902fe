import { formatAddress } from '@bothends/proto';

/**
 * Texts remembered. Hosts are few even where flows are many; two that share a place are merely written anew each
 * time.
 */
const PLACES = 256;

/** Addresses as text. One that is asked for again and again is made once: the same host, the same string. */
export class AddressTexts {
  private readonly words = new Uint32Array(PLACES * 4);
  private readonly texts = new Array<string>(PLACES).fill('');

  /** Text of the address of four words from `at`. */
  of(words: Uint32Array, at = 0): string {
    const last = words[at + 3];
    const place = (last ^ (last >>> 8) ^ words[at + 2]) & (PLACES - 1);
    const known = this.texts[place];
    if (known !== '' && this.isAt(place, words, at)) return known;
    for (let i = 0; i < 4; i++) this.words[place * 4 + i] = words[at + i];
    this.texts[place] = formatAddress(words, at);
    return this.texts[place];
  }

  private isAt(place: number, words: Uint32Array, at: number): boolean {
    for (let i = 0; i < 4; i++) if (this.words[place * 4 + i] !== words[at + i]) return false;
    return true;
  }
}
