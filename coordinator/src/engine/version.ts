/** Version of the engine: two reports by the same version on the same evidence are the same bytes. */
export const ENGINE_VERSION = '0.1.0';
