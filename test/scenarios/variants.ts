import type { Scenario } from './scenario.js';

/** The same incident over the other address family, recorded on the other kind of interface. */
export function overOtherFamily(scenario: Scenario): Scenario {
  const family = scenario.family === 4 ? 6 : 4;
  return {
    ...scenario,
    name: `${scenario.name}-v${family}`,
    title: `${scenario.title}, over IPv${family}`,
    family,
    tap: scenario.tap === 'any' ? 'link' : 'any',
  };
}
