// The slope behind the altitude slider: it only ever rises from the valley on the left to the summit on
// the right, over a few shoulders and steeps, so that further right is always higher.

/** Corners of the ridge: place from 0 (left) to 1 (right), height from 0 to 1. */
const RIDGE = [
  [0, 0.12],
  [0.07, 0.14],
  [0.16, 0.22],
  [0.24, 0.25],
  [0.33, 0.38],
  [0.4, 0.41],
  [0.47, 0.45],
  [0.56, 0.6],
  [0.64, 0.63],
  [0.72, 0.7],
  [0.82, 0.86],
  [0.88, 0.88],
  [0.955, 0.97],
  [1, 0.98],
] as const

/** Mountains further away, for depth only. */
const RANGE = [
  [0, 0.42],
  [0.09, 0.58],
  [0.17, 0.46],
  [0.3, 0.74],
  [0.4, 0.55],
  [0.47, 0.64],
  [0.58, 0.5],
  [1, 0.4],
] as const

type Corners = readonly (readonly [number, number])[]

/** The height of the ridge, 0 to 1, at a place from 0 (left) to 1 (right). */
export function ridge(place: number): number {
  const after = Math.max(
    RIDGE.findIndex(([corner]) => corner >= place),
    1,
  )
  const [x0, y0] = RIDGE[after - 1] ?? RIDGE[0]
  const [x1, y1] = RIDGE[after] ?? RIDGE[0]
  return y0 + ((y1 - y0) * (place - x0)) / (x1 - x0)
}

/** The slope as a closed path in a box `width` wide and `height` high, y pointing down. */
export function slopePath(width: number, height: number): string {
  return closed(RIDGE, width, height)
}

/** The line along its top. */
export function ridgePath(width: number, height: number): string {
  return `M${line(RIDGE, width, height)}`
}

/** The far mountains, closed like the slope. */
export function rangePath(width: number, height: number): string {
  return closed(RANGE, width, height)
}

function closed(corners: Corners, width: number, height: number): string {
  return `M0 ${height} L${line(corners, width, height)} L${width} ${height} Z`
}

function line(corners: Corners, width: number, height: number): string {
  return corners
    .map(([x, y]) => `${(x * width).toFixed(1)} ${((1 - y) * height).toFixed(1)}`)
    .join(' L')
}
