#!/usr/bin/env node
import { BUNDLE, isBundleCurrent } from './bundled.js';
import { load } from './code-cache.js';

const called = process.argv[2];
const { main, processIo } =
  called === 'analyze' && isBundleCurrent() ? load(BUNDLE) : await import('../dist/main.js');

// gRPC's own log lines would stand between ours; its errors arrive as errors.
process.env.GRPC_VERBOSITY ??= 'NONE';
process.exitCode = await main(process.argv.slice(2), processIo());
