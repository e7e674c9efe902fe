/** What gRPC's clients for Node put around the system's own words when there is no connection. */
const WRAPPING = /^No connection established\. Last error: (?:Error: )?(.*?)\.? Resolution note:.*$/s;

/** The details of a failed call, without gRPC's wrapping: `connect ECONNREFUSED 192.0.2.1:7443`. */
export function plainDetails(details: string): string {
  return WRAPPING.exec(details)?.[1] ?? details;
}
