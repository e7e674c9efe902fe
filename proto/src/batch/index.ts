export { BATCH_CODEC, codecOf } from './codec.js';
export { crc32 } from './crc32.js';
export { decodeColumns } from './decode.js';
export { encodeColumns } from './encode.js';
