import { testWireSchedules } from '../_helpers/schedules/wire/wire-specs.ts';

// Other ones than in npm test.
testWireSchedules(101, 900);
