import { testSchedules } from '../_helpers/schedule-specs.ts';

// Other ones than in npm test.
testSchedules(2_001, 8_000);
