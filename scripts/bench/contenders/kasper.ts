import { repositoryRoot } from '../../services/folders.ts';
import { jobNames } from '../jobs/job-names.ts';
import type { Contender } from './contender.ts';
import { nodeProgram, packageVersion } from './node-program.ts';

/** This project, as it was built. */
export const kasper: Contender = {
  name: 'kasper-ts',
  jobs: jobNames,
  batches: 'each',
  settings: { claims: 'off' },
  prepare: async () => ({ version: await packageVersion(repositoryRoot), ...nodeProgram('kasper.js') }),
};
