export { until } from '../../scripts/services/until.ts';
