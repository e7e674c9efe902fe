import { Option } from 'commander';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** `--log-level` of commands that run for long. */
export function logLevelOption(): Option {
  return new Option('--log-level <level>', 'least level that is logged').choices(LEVELS).default('info');
}
