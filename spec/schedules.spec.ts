import { testSchedules } from './_helpers/schedule-specs.ts';

testSchedules(1, 2_000);
