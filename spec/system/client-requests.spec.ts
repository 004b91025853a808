import { clientRuns } from '../_helpers/clients/client-runs.ts';
import { readClientRequests, requestsOf } from '../_helpers/clients/client-requests.ts';
import { testToolsEmbedded } from '../_helpers/servers/services.ts';

/** Whether it comes depends on how long a member lives. */
const now = new Set(['Heartbeat']);
const record = readClientRequests();

for (const client of clientRuns)
  testToolsEmbedded(
    `${client.client} asks for what is on record`,
    async (t, libs) => {
      t.timeout(180_000);
      const recorded = record[client.client] ?? {};
      const asked = await requestsOf(client, libs);
      const without = (versions: Readonly<Record<string, string>>) =>
        Object.fromEntries(Object.entries(versions).filter(([api]) => !now.has(api)));
      t.deepEqual(without(asked), without(recorded), 'record it: npm run contract -- clients');
    },
    { needs: client.needs },
  );
