import { createRequire } from 'node:module';

/** Version of the package and the day of its release, as its package.json has them. */
export const { version, released } = createRequire(import.meta.url)('../package.json') as {
  version: string;
  released: string;
};
