/** Calls `came` when `end` comes near what is seen, until the function it gives is called. */
export function near(end: Element, came: () => void): () => void {
  const observer = new IntersectionObserver(
    // It may tell of several moments at once; how it is now is the last of them.
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
