import { testSchedules } from '../_helpers/schedules/schedule-specs.ts';

// Other ones than in npm test.
testSchedules(2_001, 8_000);
