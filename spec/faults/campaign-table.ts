import type { CampaignResult } from './campaign.ts';

/** What a campaign was, as a table of text: a row for each workload, then one for each fault. */
export function campaignTable(results: readonly CampaignResult[]): string {
  const workloads = results.map(({ workload, records, rate, lost, repeated, faults, violations }) => [
    workload,
    String(records),
    rate.toFixed(0),
    String(faults.length),
    String(lost),
    String(repeated),
    String(Math.max(0, ...faults.map(({ progressMs }) => progressMs))),
    String(violations.length),
  ]);
  const kinds = new Map<string, { times: number; longest: number; mark: string }>();
  for (const { fault, progressMs, mark } of results.flatMap(({ faults }) => faults)) {
    const { times, longest } = kinds.get(fault.name) ?? { times: 0, longest: 0 };
    kinds.set(fault.name, {
      times: times + 1,
      longest: Math.max(longest, progressMs),
      mark: (mark ?? 'none').slice(0, 110),
    });
  }
  return [
    aligned([
      ['workload', 'records', 'a second', 'faults', 'lost', 'repeated', 'progress ms', 'violations'],
      ...workloads,
    ]),
    aligned([
      ['fault', 'times', 'progress ms', 'the last mark'],
      ...[...kinds].map(([name, { times, longest, mark }]) => [name, String(times), String(longest), mark]),
    ]),
  ].join('\n\n');
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_head, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
