import { EmbeddedCluster } from '../../source/embedded/cluster.ts';
import { findsAndAborts } from '../_helpers/jobs/hanging-transactions.ts';
import { added } from '../_helpers/raw/raw-transactions.ts';
import { runJava } from '../_helpers/servers/java-programs.ts';
import { testToolsEmbedded, type ClusterWithTools } from '../_helpers/servers/services.ts';

const deadlineMs = 180_000;

function toolsOn({ brokers }: EmbeddedCluster, libs: string): ClusterWithTools {
  return {
    kind: 'embedded',
    brokers,
    libs,
    createTopic: () => Promise.reject(new Error('It has its topics')),
  };
}

testToolsEmbedded(
  "Kafka's TransactionsCommand finds a transaction that hangs, and aborts it",
  async (t, libs) => {
    t.timeout(deadlineMs);
    const cluster = await EmbeddedCluster.start({ topics: { out: 1 } });
    t.teardown(() => cluster.close());
    await findsAndAborts(t, toolsOn(cluster, libs), 'out', {
      before: (transaction, owner) => added(transaction, owner, 'out'),
      after({ id }) {
        cluster.faults.hangTransaction(id);
        return Promise.resolve();
      },
    });
  },
  { needs: ['java'] },
);

testToolsEmbedded(
  "Kafka's Java clients follow coordinators that move, load, and are not there for a while",
  async (t, libs) => {
    t.timeout(deadlineMs);
    const cluster = await EmbeddedCluster.start({ brokers: 3, topics: { in: 2, out: 2 } });
    t.teardown(() => cluster.close());
    const written = Array.from({ length: 200 }, (_, i) => String(i));
    cluster.produce(
      'in',
      written.map((value) => ({ value })),
    );
    // One after another: a coordinator that loads, one that is away, and one that moved.
    const codes = [14, 15, 16];
    const apis = [
      'AddPartitionsToTxn',
      'AddOffsetsToTxn',
      'TxnOffsetCommit',
      'EndTxn',
      'InitProducerId',
    ] as const;
    const faults = apis.flatMap((api, n) =>
      codes.map((code, i) =>
        cluster.faults.fail({ api, code, nth: api === 'InitProducerId' ? 1 : 2 * (n + i) + 1 }),
      ),
    );
    let moves = 0;
    let ended = 0;
    const mover = setInterval(() => {
      const count = cluster.requests('EndTxn').reduce((sum, each) => sum + each.count, 0);
      if (count < ended + 3) return;
      ended = count;
      moves++;
      cluster.moveTransactionCoordinator('out', (moves % 3) + 1);
      cluster.moveCoordinator('copy', ((moves + 1) % 3) + 1);
    }, 10);
    try {
      await runJava(toolsOn(cluster, libs), 'CopyInTransactions', ['in', 'out', 'copy', '200', 'member']);
    } finally {
      clearInterval(mover);
    }
    t.true(moves > 3);
    t.true(faults.filter(({ hits }) => hits > 0).length >= 10, faults.map(({ hits }) => hits).join());
    const copied = cluster.committed('copy').reduce((sum, { offset }) => sum + offset, 0);
    t.is(copied, 200, 'all of the input is committed');
  },
  { needs: ['javac'] },
);
