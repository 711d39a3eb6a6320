// Sizes of files, as people say them.
const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB']

/** `1.4 MB`: at most three digits that mean something. */
export function sizeWords(bytes: number): string {
  let [size, unit] = [bytes, 0]
  while (size >= 999.5 && unit < UNITS.length - 1) {
    size /= 1000
    unit += 1
  }
  const digits = unit > 0 && size < 9.95 ? 1 : 0
  return `${size.toFixed(digits)} ${UNITS[unit] ?? ''}`
}
