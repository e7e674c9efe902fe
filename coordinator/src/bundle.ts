/** Evidence bundles: made from files, opened and verified without a coordinator. */

export { BundleFile } from './bundle/bundle-file.js';
export { CAPTURE_SCHEMA, type FilesDocument } from './bundle/document.js';
export { FileBatches } from './bundle/files-evidence.js';
export { type Manifest, parseBatchPath, parseManifest, type Signer } from './bundle/manifest.js';
export { pseudonymText } from './bundle/pseudonymise.js';
export { PSEUDONYM_KEY_BYTES, Pseudonyms } from './bundle/pseudonyms.js';
export { type Check, type Verification, verifyBundle } from './bundle/verify.js';
export { BundleWriter } from './bundle/writer.js';
