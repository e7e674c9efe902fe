export { crc32 } from './crc32.js';
export { decodeColumns } from './decode.js';
export { BATCH_CODEC, codecOf, encodeColumns } from './encode.js';
