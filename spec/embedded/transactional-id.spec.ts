import test from 'ava';
import { TransactionalId } from '../../source/embedded/transactions/transactional-id.ts';

const TIMEOUT_MS = 60_000;

test('when the epochs of a producer id are used up, its owner gets another one', (t) => {
  const id = new TransactionalId('a', 7n, TIMEOUT_MS);
  const take = () => id.take(undefined, TIMEOUT_MS, () => 8n);
  for (let epoch = 0; epoch < 32_767; epoch++) take();
  t.deepEqual({ producerId: id.producerId, epoch: id.epoch }, { producerId: 7n, epoch: 32_766 });
  const last = { producerId: 7n, epoch: 32_766 };
  const next = id.take(last, TIMEOUT_MS, () => 8n);
  t.deepEqual(next, { code: 0, producerId: 8n, epoch: 0 });
  t.true(id.mayBe(last), 'the answer was lost');
  t.deepEqual(
    id.take(last, TIMEOUT_MS, () => 9n),
    next,
  );
  t.false(id.mayBe({ producerId: 7n, epoch: 3 }));
});
