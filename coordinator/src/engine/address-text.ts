import { formatAddress } from '@bothends/proto';

/** Texts remembered. Hosts are few where flows are many; two that share a place are only written anew in turn. */
const PLACES = 256;

/** Addresses as text, each made once while it is asked for again and again: the same host, the same string. */
export class AddressTexts {
  private readonly words = new Uint32Array(PLACES * 4);
  private readonly texts = new Array<string>(PLACES).fill('');

  /** Text of an address of four words. */
  of(address: Uint32Array): string {
    const place = (address[3] ^ (address[3] >>> 8) ^ address[2]) & (PLACES - 1);
    const known = this.texts[place];
    if (known !== '' && this.isAt(place, address)) return known;
    this.words.set(address, place * 4);
    this.texts[place] = formatAddress(address, 0);
    return this.texts[place];
  }

  private isAt(place: number, address: Uint32Array): boolean {
    for (let i = 0; i < 4; i++) if (this.words[place * 4 + i] !== address[i]) return false;
    return true;
  }
}
