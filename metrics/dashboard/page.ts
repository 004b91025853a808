/** The dashboard, one HTML page without requests to other hosts. */
export function dashboardPage(): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>kasper</title></head>
<body><p>The dashboard is being built. <a href="api/stats">api/stats</a> has the figures.</p></body>
</html>
`;
}
