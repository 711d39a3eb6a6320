/** The size of a QR code's picture and the outline of its dark parts. */
export interface QrShape {
  width: number
  height: number
  outline: string
}

/**
 * The outline of a QR code that came as the text of an SVG. Only numbers and drawing commands are taken from it, and
 * nothing ever becomes markup, whatever the text holds. Undefined for any other picture.
 */
export function parseQr(svg: string): QrShape | undefined {
  const size = /\bviewBox="0 0 (\d+(?:\.\d+)?) (\d+(?:\.\d+)?)"/.exec(svg)
  const outline = /<path\b[^>]*\sd="([MmHhVvLlZz\d\s.,-]+)"/.exec(svg)?.[1]
  if (!size || outline === undefined) return undefined
  return { width: Number(size[1]), height: Number(size[2]), outline }
}
