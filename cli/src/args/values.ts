import { type PodReference, parseDuration, parsePod } from '@bothends/proto';
import { InvalidArgumentError } from 'commander';

/** Option parsers for commander: each returns the value or says what it takes. */

/** A TCP or UDP port. */
export function port(text: string): number {
  return integer(text, 1, 65_535, 'a port is a number from 1 to 65535');
}

/** Bytes kept of each packet; 65535 is all of any packet, 64 the least that holds a TCP header. */
export function snaplen(text: string): number {
  return integer(text, 64, 65_535, 'a snaplen is a number of bytes from 64 to 65535');
}

/** A number of packets. */
export function count(text: string): number {
  return integer(text, 1, Number.MAX_SAFE_INTEGER, 'a count is a whole number from 1');
}

/** `--width`: narrower than 60 cells a ladder has no room for its lane. */
export function width(text: string): number {
  return integer(text, 60, 1000, 'a width is a number of columns from 60 to 1000');
}

/** Milliseconds of `300ms`, `60s`, `5m`, `1h`. */
export function duration(text: string): number {
  let ms: number;
  try {
    ms = parseDuration(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
  if (ms < 1) throw new InvalidArgumentError('a duration is at least 1ms');
  return ms;
}

/** A name of a host, capture, agent or file that may not be taken for an option. */
export function name(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('a name is not empty');
  if (text.startsWith('-')) throw new InvalidArgumentError("a name does not begin with '-'");
  return text;
}

/** `pod/NAME` or `pod/NAMESPACE/NAME`. */
export function pod(text: string): PodReference {
  const parsed = podOrNull(text);
  if (parsed !== null) return parsed;
  throw new InvalidArgumentError('a pod is written pod/NAME or pod/NAMESPACE/NAME');
}

/** One end of a capture: the name of a host, or of a pod as `pod` takes it; the text itself. */
export function hostOrPod(text: string): string {
  return podOrNull(text) === null ? name(text) : text;
}

function podOrNull(text: string): PodReference | null {
  try {
    return parsePod(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

/** Interface names as Linux has them: up to 15 characters, no space, no slash. */
export function interfaceName(text: string): string {
  if (/^[^\s/-][^\s/]{0,14}$/.test(text)) return text;
  throw new InvalidArgumentError(
    "an interface is up to 15 characters without spaces and does not begin with '-'",
  );
}

function integer(text: string, low: number, high: number, otherwise: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= low && value <= high) return value;
  throw new InvalidArgumentError(otherwise);
}
