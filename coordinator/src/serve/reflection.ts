import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Server } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { protoPath as healthProto } from 'grpc-health-check';

/** The contract's files; those that they import are found from here too. */
const FILES = ['bothends/v1/agent.proto', 'bothends/v1/bothends.proto'];

/** Lets grpcurl and the like ask what this server speaks. */
export function addReflection(server: Server): void {
  const root = join(dirname(createRequire(import.meta.url).resolve('@bothends/proto')), '..');
  new ReflectionService(loadSync([...FILES, healthProto], { includeDirs: [root] })).addToServer(server);
}
