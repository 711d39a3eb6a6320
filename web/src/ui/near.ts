/** Calls `came` when `end` comes near the visible part. Returns the function that ends this. */
export function near(end: Element, came: () => void): () => void {
  const observer = new IntersectionObserver(
    // The browser may report several moments at once; the last is the present one.
    (seen) => {
      if (seen.at(-1)?.isIntersecting) came()
    },
    { rootMargin: '50% 0px' },
  )
  observer.observe(end)
  return () => {
    observer.disconnect()
  }
}
