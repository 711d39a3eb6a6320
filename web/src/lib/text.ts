/** How many characters a text has as the server counts them: code points, so an emoji is not two. */
export function characters(text: string): number {
  return Array.from(text).length
}
