import { describe, expect, it } from 'vitest'
import { commandBlocks, faultOf, withOutputs } from './page.ts'

const fenced = (language: string, ...lines: string[]) => ['```' + language, ...lines, '```'].join('\n')
const only = (page: string) => {
  const blocks = commandBlocks(page)
  expect(blocks).toHaveLength(1)
  return blocks[0]!
}

describe('commandBlocks', () => {
  it('takes commands and what is below each', () => {
    const { line, commands } = only(
      `# Page\n\n${fenced('console', '$ a', 'one', '$ b', '$ c \\', '  -d', 'two', '', 'three')}\n`,
    )
    expect(line).toBe(3)
    expect(commands.map(({ text, output }) => [text, output])).toEqual([
      ['a', ['one']],
      ['b', []],
      ['c \\\n  -d', ['two', '', 'three']],
    ])
  })

  it('finds blocks by their language, and by a prompt', () => {
    const page = ['sh', 'bash', 'shell'].map(language => fenced(language, 'a')).join('\n\n')
    expect(
      commandBlocks(`${page}\n\n${fenced('text', '$ a')}\n\n${fenced('ts', 'a')}\n\n${fenced('', 'a')}`),
    ).toHaveLength(4)
  })

  it('passes over a fence inside a longer one', () => {
    expect(commandBlocks('````md\n```ts\nx\n```\n````\n')).toEqual([])
  })

  it('reads the marks right before the block, and no others', () => {
    const page = `<!-- exit: 3 -->\n\ntext\n\n<!-- first: a > b\nc -->\n<!-- stays -->\n\n${fenced('console', '$ a')}`
    expect(only(page).marks).toEqual({ first: 'a > b\nc', stays: true })
  })
})

describe('faultOf', () => {
  const fault = (page: string) => faultOf(only(page))

  it('accepts a block of the language console, and marked blocks', () => {
    expect(fault(fenced('console', '$ a'))).toBeUndefined()
    expect(fault(`<!-- not run: needs a cloud -->\n\n${fenced('sh', 'a')}`)).toBeUndefined()
    expect(fault(`<!-- picture: a.svg -->\n\n${fenced('sh', 'a')}`)).toBeUndefined()
  })

  it('refuses commands without output, without a reason, and none', () => {
    expect(fault(fenced('sh', 'a'))).toContain('language console')
    expect(fault(fenced('text', '$ a'))).toContain('language console')
    expect(fault(`<!-- not run: -->\n\n${fenced('sh', 'a')}`)).toContain('no reason')
    expect(fault(fenced('console'))).toContain('no command')
  })
})

it('withOutputs replaces outputs and nothing else', () => {
  const page = `before\n${fenced('console', '$ a', 'old', 'old', '$ b')}\nafter\n`
  const [a, b] = only(page).commands
  const text = withOutputs(
    page,
    new Map([
      [a!, ['new']],
      [b!, ['more', 'lines']],
    ]),
  )
  expect(text).toBe(`before\n${fenced('console', '$ a', 'new', '$ b', 'more', 'lines')}\nafter\n`)
})
