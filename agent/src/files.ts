/** Public entry for reading capture files. It loads nothing of the agent's network side, which takes longer than most files. */
export * from './capture/pcapfile/file.js';
export { readTables, type TableReader } from './capture/pcapfile/reader.js';
export { isSupportedLinkType, linkTypeName } from './decode/link.js';
