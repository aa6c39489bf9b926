// Runs before the first paint, so a page kept in dark never flashes white.
// The button that changes the theme is in topbar.js.
try {
  const kept = localStorage.getItem('theme');
  if (kept) document.documentElement.dataset.theme = kept;
} catch {
  // Storage may be forbidden; the system's preference then decides.
}
