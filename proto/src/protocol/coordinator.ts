/** Where a coordinator's gRPC listens unless it is told otherwise. */
export const GRPC_PORT = 7443;

/** Every coordinator's certificate carries this name, so that it may be reached by any address. */
export const COORDINATOR_NAME = 'bothends-coordinator';

/** Longest filter, characters: beyond any that a person writes. Bounds the time to compile it. */
export const MAX_FILTER_LENGTH = 4096;
