import { testSchedules } from './_helpers/schedules/schedule-specs.ts';

testSchedules(1, 2_000);
