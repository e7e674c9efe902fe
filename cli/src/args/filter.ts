import { MAX_FILTER_LENGTH } from '@bothends/proto';
import { UsageError } from '../errors.js';

/**
 * The filter from the words after the options, quoted or not, and `--port`. Both together mean both:
 * `--port 443 host a` captures `(port 443) and (host a)`.
 */
export function joinFilter(words: readonly string[], port: number | null): string {
  const text = words.join(' ').trim();
  if (text.startsWith('-')) {
    throw new UsageError(
      `the filter begins with '-': ${text}`,
      'A pcap-filter(7) expression begins with a word such as host, port or tcp; options go before it.',
    );
  }
  if (text.length > MAX_FILTER_LENGTH) {
    throw new UsageError(`the filter has ${text.length} characters; the most is ${MAX_FILTER_LENGTH}`);
  }
  if (port === null) return text;
  return text === '' ? `port ${port}` : `(port ${port}) and (${text})`;
}
