import * as zlib from 'node:zlib';
import { crc32 as portable } from '../batch/crc32.js';

/** Node has it since 20.15. */
const native: typeof portable | undefined = 'crc32' in zlib ? zlib.crc32 : undefined;

/** CRC-32 (IEEE) of `bytes`, after those whose CRC is `previous`: the same as `crc32`, ten times as fast where Node has its own. */
export const checksum: (bytes: Uint8Array, previous?: number) => number = native ?? portable;
