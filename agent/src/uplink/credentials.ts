import { COORDINATOR_NAME } from '@bothends/proto';
import { type ChannelCredentials, type ChannelOptions, credentials } from '@grpc/grpc-js';
import type { Identity } from './identity.js';

/** Mutual TLS as the agent that joined. */
export function identityCredentials({ caPem, keyPem, certificatePem }: Identity): ChannelCredentials {
  return credentials.createSsl(Buffer.from(caPem), Buffer.from(keyPem), Buffer.from(certificatePem));
}

export const CHANNEL_OPTIONS: ChannelOptions = {
  'grpc.ssl_target_name_override': COORDINATOR_NAME,
  'grpc.default_authority': COORDINATOR_NAME,
  // A dead path is noticed within 15 s even when TCP still waits; heartbeats notice it sooner on a live channel.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  // A batch has at most a few hundred kB; 16 MB is beyond the worst case, as the spool's limit is.
  'grpc.max_send_message_length': 16 * 1024 * 1024,
  'grpc.enable_retries': 0,
};
