import test from 'ava';
import { BoundedEnd } from '../../source/input/bounded-end.ts';

function endOf(...ids: string[]) {
  let ended = 0;
  const end = new BoundedEnd(true, { ended: () => ended++ });
  for (const id of ids) end.awaits({ id });
  return { end, ended: () => ended };
}

test('the run ends when the last of its partitions is done', (t) => {
  const { end, ended } = endOf('0', '1');
  end.reached({ id: '1' });
  end.reached({ id: '1' });
  t.is(ended(), 0);
  end.reached({ id: '0' });
  t.is(ended(), 1);
});

test('a partition that was done is waited for again after a seek', (t) => {
  const { end, ended } = endOf('0', '1');
  end.reached({ id: '0' });
  end.awaits({ id: '0' });
  end.reached({ id: '1' });
  t.is(ended(), 0);
  end.reached({ id: '0' });
  t.is(ended(), 1);
});
