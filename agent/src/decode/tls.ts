import type { Cursor } from './cursor.js';
import { writeTextName } from './name.js';

/** TLS record header (RFC 8446 5.1): type, version, length; then the fragment. */
const VERSION = 1;
const LENGTH = 3;
const HEADER = 5;
const CHANGE_CIPHER_SPEC = 20;
const ALERT = 21;
const HANDSHAKE = 22;
const APPLICATION_DATA = 23;
/** 2^14 bytes and what TLS 1.2 allows a cipher to add. */
const MAX_RECORD = 16384 + 2048;
/** Versions on the wire are 0x0300 (SSL 3) to 0x0304. */
const MAJOR = 3;
const MAX_MINOR = 4;

/** A handshake message: type, then a length of three bytes. */
const MESSAGE_HEADER = 4;
const CLIENT_HELLO = 1;
/** Known handshake types end here (key_update, compressed_certificate); an encrypted message starts with any byte. */
const MAX_HANDSHAKE = 25;
const PLAIN_ALERT_BYTES = 2;
const LEVEL_FATAL = 2;

/** Whether a TLS record header stands at `at`; cheap enough to ask of every segment. */
export function looksLikeTls(c: Cursor, at: number): boolean {
  if (c.end - at < HEADER) return false;
  const { view } = c;
  const type = view.getUint8(at);
  if (type < CHANGE_CIPHER_SPEC || type > APPLICATION_DATA) return false;
  if (view.getUint8(at + VERSION) !== MAJOR || view.getUint8(at + VERSION + 1) > MAX_MINOR) return false;
  const length = view.getUint16(at + LENGTH);
  return length > 0 && length <= MAX_RECORD;
}

/** The first record of a segment. */
export function decodeTls(c: Cursor, at: number): void {
  const { view, table, row } = c;
  const type = view.getUint8(at);
  const length = view.getUint16(at + LENGTH);
  table.tlsRecord[row] = type;
  if (type === ALERT) decodeAlert(c, at + HEADER, length);
  else if (type === HANDSHAKE) decodeHandshake(c, at + HEADER, length);
}

/** An encrypted alert is longer than two bytes and says nothing. */
function decodeAlert(c: Cursor, at: number, length: number): void {
  const { view, table, row } = c;
  if (length !== PLAIN_ALERT_BYTES || c.end - at < PLAIN_ALERT_BYTES) return;
  const level = view.getUint8(at);
  if (level === 0 || level > LEVEL_FATAL) return;
  table.tlsAlertLevel[row] = level;
  table.tlsAlert[row] = view.getUint8(at + 1);
}

function decodeHandshake(c: Cursor, at: number, recordLength: number): void {
  const { view, table, row } = c;
  if (c.end - at < MESSAGE_HEADER) return;
  const header = view.getUint32(at);
  const type = header >>> 24;
  const length = header & 0xffffff;
  // An encrypted Finished looks like a handshake record with a random type and length.
  const whole = length + MESSAGE_HEADER <= recordLength;
  if (type > MAX_HANDSHAKE || !whole || (type === 0 && recordLength !== MESSAGE_HEADER)) return;
  table.tlsHandshake[row] = type;
  if (type === CLIENT_HELLO) decodeServerName(c, at + MESSAGE_HEADER);
}

/** ClientHello: version and random (34 bytes), then session id, cipher suites, compression, extensions. */
const VERSION_AND_RANDOM = 34;
const SERVER_NAME = 0;
/** server_name extension: list length (2), name type (1), name length (2), name. */
const NAME_OFFSET = 5;

/** Finds the server name extension; a hello that the snaplen cut before it has none. */
function decodeServerName(c: Cursor, hello: number): void {
  const { view, end } = c;
  let at = hello + VERSION_AND_RANDOM;
  if (at + 1 > end) return;
  at += 1 + view.getUint8(at);
  if (at + 2 > end) return;
  at += 2 + view.getUint16(at);
  if (at + 1 > end) return;
  at += 1 + view.getUint8(at);
  at += 2;
  while (at + 4 <= end) {
    const type = view.getUint16(at);
    const length = view.getUint16(at + 2);
    at += 4;
    if (type === SERVER_NAME) {
      if (length < NAME_OFFSET || at + length > end) return;
      const nameLength = view.getUint16(at + 3);
      if (nameLength + NAME_OFFSET <= length) writeTextName(c, at + NAME_OFFSET, nameLength);
      return;
    }
    at += length;
  }
}
