import test from 'ava';
import { withoutPassword } from '../../../stores/redis/redis-errors.ts';

const login = () => ({ name: 'auth', args: ['user', 'secret'] });

test('the password of a login is taken out of an error and of all that it came of, also in a ring', (t) => {
  const first = Object.assign(new Error('WRONGPASS'), { command: login() });
  const second = Object.assign(new Error('NOAUTH'), { command: login(), cause: first });
  const error = Object.assign(new Error('all nodes failed'), {
    lastNodeError: first,
    previousErrors: [second],
  });
  Object.assign(first, { lastNodeError: error });
  t.is(withoutPassword(error), error);
  t.deepEqual(first.command.args, ['***']);
  t.deepEqual(second.command.args, ['***']);
});

test('the arguments of other commands stay, and anything may be thrown', (t) => {
  const error = Object.assign(new Error('WRONGTYPE'), { command: { name: 'get', args: ['key'] } });
  t.deepEqual(withoutPassword(error).command.args, ['key']);
  t.is(withoutPassword('text'), 'text');
  t.is(withoutPassword(5), 5);
});
