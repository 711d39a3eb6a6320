// Applies the chosen theme before the styles are read, so that a dark room never sees a white flash.
// It is a file of its own because the page allows no inline script. src/ui/theme.svelte.ts writes it.
try {
  const theme = localStorage.getItem('theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {
  // Storage is switched off: the system's theme applies.
}
