export type Block =
  | { kind: 'heading'; text: string }
  | { kind: 'paragraph'; text: string }
  | { kind: 'list'; items: string[] }

/**
 * The privacy policy comes as plain text: paragraphs between blank lines, `# ` before a heading, `- `
 * before an item of a list. A block of any other kind is a paragraph.
 */
export function parseProse(text: string): Block[] {
  return text.split(/\n\s*\n/).flatMap(parseChunk)
}

function parseChunk(chunk: string): Block[] {
  const blocks: Block[] = []
  for (const line of chunk.split('\n').map((line) => line.trim())) {
    const last = blocks.at(-1)
    const heading = /^#+ +(.*)$/.exec(line)?.[1]
    const item = /^- +(.*)$/.exec(line)?.[1]
    if (line === '') continue
    if (heading !== undefined) blocks.push({ kind: 'heading', text: heading })
    else if (item !== undefined && last?.kind === 'list') last.items.push(item)
    else if (item !== undefined) blocks.push({ kind: 'list', items: [item] })
    else if (last?.kind === 'list') last.items.push(`${last.items.pop() ?? ''} ${line}`)
    else if (last?.kind === 'paragraph') last.text += ` ${line}`
    else blocks.push({ kind: 'paragraph', text: line })
  }
  return blocks
}
