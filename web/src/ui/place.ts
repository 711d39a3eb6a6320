// Finds a place for a message where it covers no control.
export interface Box {
  left: number
  top: number
  right: number
  bottom: number
}

/** The lowest place for a box of this size within `room` that touches none of `taken`, in the middle if possible. */
export function freePlace(
  { width, height }: { width: number; height: number },
  room: Box,
  taken: readonly Box[],
): Box | undefined {
  const middle = (room.left + room.right - width) / 2
  // The lowest place is at the foot, or just above something that is taken.
  const bottoms = [room.bottom, ...taken.map(({ top }) => top)].sort((a, b) => b - a)
  for (const bottom of bottoms) {
    for (const left of [middle, room.left, room.right - width]) {
      const box = { left, top: bottom - height, right: left + width, bottom }
      if (inside(box, room) && !taken.some((other) => touches(box, other))) return box
    }
  }
  return undefined
}

export function touches(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
}

export function inside(box: Box, room: Box): boolean {
  return (
    box.left >= room.left &&
    box.right <= room.right &&
    box.top >= room.top &&
    box.bottom <= room.bottom
  )
}
