import { createHash } from 'node:crypto';
import test from 'ava';
import { dashboardCsp, dashboardPage } from '../../../metrics/dashboard/page.ts';

const page = dashboardPage();

function contents(tag: string): string[] {
  return [...page.matchAll(new RegExp(`<${tag}>(.*?)</${tag}>`, 'gs'))].map(([, text = '']) => text);
}

test('the page holds all that it needs: no script, style, picture or link from elsewhere', (t) => {
  t.regex(page, /^<!doctype html>/);
  t.deepEqual(
    [...page.matchAll(/\s(?:src|href|action|srcset)="([^"]*)"/g)].map(([, target]) => target),
    ['data:,', '#content'],
  );
  t.notRegex(page, /@import|url\((?!data:)/);
  t.is(contents('script').length, 2);
  t.is(contents('style').length, 1);
  t.notRegex(page, /<!-- (?:theme|styles|scripts) -->/);
});

test('the policy allows its scripts and its styles by their hashes, and nothing else to run', (t) => {
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  const rules = new Map(
    dashboardCsp()
      .split('; ')
      .map((rule) => [rule.slice(0, rule.indexOf(' ')), rule.slice(rule.indexOf(' ') + 1)]),
  );
  t.is(rules.get('default-src'), "'none'");
  t.is(rules.get('script-src'), contents('script').map(hash).join(' '));
  t.is(rules.get('style-src'), contents('style').map(hash).join(' '));
  t.is(rules.get('connect-src'), "'self'");
  t.is(rules.get('require-trusted-types-for'), "'script'");
});

test('it has no styles in attributes, and no handlers, which the policy would refuse', (t) => {
  const markup = page.replaceAll(/<(script|style)>.*?<\/\1>/gs, '');
  t.notRegex(markup, /\sstyle=|\son[a-z]+=/);
  t.is(dashboardPage(), page);
});
