#!/usr/bin/env node
import { BUNDLE, isBundleCurrent } from './bundled.js';

const called = process.argv[2];
const { main, processIo } = await import(
  called === 'analyze' && isBundleCurrent() ? BUNDLE.href : '../dist/main.js'
);

// gRPC's own log lines would stand between ours; its errors arrive as errors.
process.env.GRPC_VERBOSITY ??= 'NONE';
process.exitCode = await main(process.argv.slice(2), processIo());
