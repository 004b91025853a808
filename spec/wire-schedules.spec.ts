import { testWireSchedules } from './_helpers/schedules/wire/wire-specs.ts';

testWireSchedules(1, 100);
