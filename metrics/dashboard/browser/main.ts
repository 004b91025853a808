import { Dashboard } from './dashboard.ts';
import { StatsPoller, statsUrl } from './stats-poller.ts';
import { startThemeButton } from './theme-button.ts';

const dashboard = new Dashboard();
startThemeButton(() => {
  dashboard.restyle();
});
new StatsPoller(statsUrl(location), dashboard).start();
