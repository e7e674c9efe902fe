#!/usr/bin/env node
import { main, processIo } from '../dist/main.js';

// gRPC's own log lines would stand between ours; its errors arrive as errors.
process.env.GRPC_VERBOSITY ??= 'NONE';
process.exitCode = await main(process.argv.slice(2), processIo());
