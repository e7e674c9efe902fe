import { crc32, decodeColumns, encodeColumns, PacketTable } from '@bothends/proto';
import type { Batch, Coverage } from '@bothends/proto/gen/bothends/v1/packet';
import type { Capture } from '../captures/capture.js';
import type { Pseudonyms } from './pseudonyms.js';

const table = new PacketTable();

/** CRC of no bytes is 0: with this one the batch counts as damaged, and its packets as a gap. */
const DAMAGED_CRC = 1;

/**
 * The batch with pseudonyms for addresses; without names in clear, and without its signature and link, which hold for the
 * original only.
 */
export function pseudonymBatch(
  { previous, signature, names, ...batch }: Batch,
  pseudonyms: Pseudonyms,
): Batch {
  const coverage = batch.coverage && pseudonymCoverage(batch.coverage, pseudonyms);
  if (batch.count === 0) return { ...batch, coverage };
  try {
    if (crc32(batch.columns) !== batch.crc32) throw new RangeError('damaged');
    decodeColumns(batch.columns, table);
  } catch {
    return { ...batch, coverage, columns: Buffer.alloc(0), crc32: DAMAGED_CRC };
  }
  pseudonyms.table(table);
  const columns = Buffer.from(encodeColumns(table));
  return { ...batch, coverage, columns, crc32: crc32(columns) };
}

function pseudonymCoverage(coverage: Coverage, pseudonyms: Pseudonyms): Coverage {
  return {
    ...coverage,
    filter: pseudonymText(coverage.filter, pseudonyms),
    // It names the host as surely as an address does.
    bootId: '',
    addresses: addressList(coverage.addresses, pseudonyms),
    interfaceStates: coverage.interfaceStates.map((state) => ({
      ...state,
      addresses: addressList(state.addresses, pseudonyms),
    })),
  };
}

/** The capture as a pseudonymised bundle tells of it. */
export function pseudonymCapture(capture: Capture, pseudonyms: Pseudonyms): Capture {
  const { request } = capture;
  return {
    ...capture,
    name: pseudonymText(capture.name, pseudonyms),
    request: { ...request, filter: pseudonymText(request.filter, pseudonyms) },
    taps: capture.taps.map((tap) => ({ ...tap, addresses: addressList(tap.addresses, pseudonyms) })),
  };
}

function addressList(addresses: readonly string[], pseudonyms: Pseudonyms): string[] {
  return addresses.map((address) => pseudonymText(address, pseudonyms));
}

/** What looks like an address, with a prefix length or without. */
const V6_LIKE = /(?<![\w.:])([0-9a-f]*:[0-9a-f:.]*)(?:\/(\d{1,3}))?(?![\w:])/gi;
/** Whole, or as pcap-filter(7) shortens networks: `net 10.1`. */
const V4_LIKE = /(?<![\d.])((?:\d{1,3}\.){1,3}\d{1,3})(?:\/(\d{1,3}))?(?!\d|\.\d)/g;
/** `net 10`: only there is a bare number a network. */
const BARE_NET = /\bnet\s+(\d{1,3})(?![\w.:])/gi;

/** The text with pseudonyms for the addresses in it. */
export function pseudonymText(text: string, pseudonyms: Pseudonyms): string {
  return text
    .replace(V6_LIKE, (found, address: string, length: string | undefined) => {
      const pseudonym = pseudonyms.address(address);
      return pseudonym === null ? found : withLength(pseudonym, length);
    })
    .replace(V4_LIKE, (found, address: string, length: string | undefined) => {
      const pseudonym = shortened(address, pseudonyms);
      return pseudonym === null ? found : withLength(pseudonym, length);
    })
    .replace(BARE_NET, (found, octet: string) => {
      const pseudonym = shortened(octet, pseudonyms);
      return pseudonym === null ? found : `net ${pseudonym}`;
    });
}

/** The pseudonym of the first bytes of an IPv4 address, as many as are given. */
function shortened(address: string, pseudonyms: Pseudonyms): string | null {
  const bytes = address.split('.');
  const pseudonym = pseudonyms.address([...bytes, '0', '0', '0'].slice(0, 4).join('.'));
  return pseudonym?.split('.').slice(0, bytes.length).join('.') ?? null;
}

function withLength(address: string, length: string | undefined): string {
  return length === undefined ? address : `${address}/${length}`;
}
