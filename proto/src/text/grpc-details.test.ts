import { expect, it } from 'vitest';
import { plainDetails } from './grpc-details.js';

it('keeps what the system said of a connection, and leaves everything else alone', () => {
  const wrapped =
    'No connection established. Last error: Error: connect ECONNREFUSED 192.0.2.1:7443. Resolution note: ';
  expect(plainDetails(wrapped)).toBe('connect ECONNREFUSED 192.0.2.1:7443');
  expect(plainDetails('Connection dropped')).toBe('Connection dropped');
});
