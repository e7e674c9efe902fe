import { Http } from '@bothends/proto';
import type { Cursor } from './cursor.js';

/** First four bytes of what HTTP/1 messages start with, as big-endian words. */
const RESPONSE = word('HTTP');
const HEAD = word('HEAD');
const METHODS = ['GET ', 'POST', 'PUT ', 'HEAD', 'DELE', 'OPTI', 'PATC', 'CONN', 'TRAC'].map(word);
const FIRST_CAPITAL = 0x41;
const LAST_CAPITAL = 0x5a;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
const DIGIT_0 = 0x30;
const TO_LOWER = 0x20;
/** `HTTP/1.x ` and three digits. */
const STATUS = 9;
const STATUS_LINE = 12;
const CONTENT_LENGTH = new TextEncoder().encode('content-length:');
/** Content lengths above this are kept as this: the column has 32 bits and NO_LENGTH is the largest. */
const MAX_LENGTH = 0xfffffffe;
/** The head length's column has 16 bits; servers refuse longer heads. */
const MAX_HEAD = 0xffff;

/** Whether an HTTP/1 message starts at `at`; cheap enough to ask of every segment. */
export function looksLikeHttp1(c: Cursor, at: number): boolean {
  if (c.end - at < STATUS_LINE) return false;
  const first = c.view.getUint8(at);
  if (first < FIRST_CAPITAL || first > LAST_CAPITAL) return false;
  const start = c.view.getUint32(at);
  return start === RESPONSE || METHODS.includes(start);
}

/** The head of a request or response as far as it was captured. */
export function decodeHttp1(c: Cursor, at: number): void {
  const { table, row } = c;
  const start = c.view.getUint32(at);
  const response = start === RESPONSE;
  if (response) {
    const status = decimalAt(c, at + STATUS, at + STATUS_LINE);
    if (status < 100 || status > 999) return;
    table.httpStatus[row] = status;
  }
  table.httpKind[row] = response ? Http.response : start === HEAD ? Http.head : Http.request;
  walkLines(c, at);
}

/** Looks at the start of every line for Content-Length and for the blank line that ends the head. */
function walkLines(c: Cursor, start: number): void {
  const { view, table, row, end } = c;
  for (let at = start; at < end; at++) {
    if (view.getUint8(at) !== LF) continue;
    const line = at + 1;
    const blank = blankLineLength(c, line);
    if (blank > 0) {
      table.httpHeadLength[row] = Math.min(line + blank - start, MAX_HEAD);
      return;
    }
    if (isContentLength(c, line)) {
      const value = headerNumber(c, line + CONTENT_LENGTH.length);
      if (value >= 0) table.httpLength[row] = value;
    }
  }
}

/** Bytes of the empty line at `at` (some servers end lines with LF alone), 0 when it is not empty. */
function blankLineLength(c: Cursor, at: number): number {
  const { view, end } = c;
  if (at < end && view.getUint8(at) === LF) return 1;
  return at + 1 < end && view.getUint8(at) === CR && view.getUint8(at + 1) === LF ? 2 : 0;
}

function isContentLength(c: Cursor, at: number): boolean {
  if (c.end - at < CONTENT_LENGTH.length) return false;
  for (let i = 0; i < CONTENT_LENGTH.length; i++) {
    const byte = c.view.getUint8(at + i);
    const lower = byte >= FIRST_CAPITAL && byte <= LAST_CAPITAL ? byte | TO_LOWER : byte;
    if (lower !== CONTENT_LENGTH[i]) return false;
  }
  return true;
}

/** A header's number after blanks, -1 unless the end of its line was captured: a cut number is a wrong number. */
function headerNumber(c: Cursor, from: number): number {
  const { view, end } = c;
  let at = from;
  while (at < end && (view.getUint8(at) === SPACE || view.getUint8(at) === TAB)) at++;
  let stop = at;
  while (stop < end && view.getUint8(stop) !== CR && view.getUint8(stop) !== LF) stop++;
  return stop === end ? -1 : Math.min(decimalAt(c, at, stop), MAX_LENGTH);
}

/** The decimal number in [from, to), -1 when it is none. */
function decimalAt(c: Cursor, from: number, to: number): number {
  let value = from < to ? 0 : -1;
  for (let at = from; at < to; at++) {
    const digit = c.view.getUint8(at) - DIGIT_0;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function word(text: string): number {
  return [...text].reduce((sum, letter) => sum * 256 + letter.charCodeAt(0), 0);
}
