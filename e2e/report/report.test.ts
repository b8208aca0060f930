import { stat, writeFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gpreg } from '../support/gpreg.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts'
import { onPath } from '../support/tools.ts'
import { openTab, type Tab } from './browser.ts'
import { lowContrasts } from './contrast.ts'
import { sampleDocuments } from './sample-documents.ts'

const WIDTHS = [360, 800, 1400]
const SCHEMES = ['light', 'dark']
const MOST_BYTES = 5_000_000
/** milliseconds */
const FIRST_PAINT = 1_000

if (!onPath('chromium')) console.error('e2e: chromium is not installed, so the page is not looked at')

describe.skipIf(!onPath('chromium'))('the page of gpreg report', () => {
  let directory: TemporaryDirectory
  let tab: Tab
  const pages = new Map<number, string>()
  beforeAll(async () => {
    directory = await temporaryDirectory()
    for (const count of [62, 5000]) pages.set(count, await makePage(count))
    tab = await openTab()
  })
  afterAll(async () => {
    await tab?.[Symbol.asyncDispose]()
    await directory?.[Symbol.asyncDispose]()
  })

  async function makePage(count: number): Promise<string> {
    const paths: string[] = []
    for (const [name, document] of Object.entries(sampleDocuments(count))) {
      paths.push(directory.join(`${count}-${name}`))
      await writeFile(paths.at(-1) ?? '', JSON.stringify(document))
    }
    const page = directory.join(`${count}.html`)
    const made = await gpreg(['report', ...paths, '-o', page])
    expect(made.exitCode, made.stderr).toBe(0)
    return page
  }

  async function open(count: number, width: number, scheme: string): Promise<void> {
    const size = { width, height: 900, deviceScaleFactor: 1, mobile: width < 500 }
    await tab.send('Emulation.setDeviceMetricsOverride', size)
    const features = [{ name: 'prefers-color-scheme', value: scheme }]
    await tab.send('Emulation.setEmulatedMedia', { media: '', features })
    await tab.open(pathToFileURL(pages.get(count) ?? '').href)
  }

  const looks = WIDTHS.flatMap(width => SCHEMES.map(scheme => [width, scheme] as const))
  it.each(looks)('fits %d pixels, is readable when %s, and asks for nothing', async (width, scheme) => {
    await open(62, width, scheme)
    expect(await tab.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
    expect(await tab.evaluate(`(${lowContrasts})()`)).toEqual([])
    // Only rows in view are laid out. A name has a column of its own, or a line of its own where a row is a card.
    await tab.evaluate('document.querySelector(".images tbody th").scrollIntoView({ behavior: "instant" })')
    const part = await tab.evaluate<number>(
      '(th => th.offsetWidth / th.parentElement.offsetWidth)(document.querySelector(".images tbody th"))',
    )
    expect(part).toBeGreaterThan(width < 900 ? 0.95 : 0.25)
    expect(tab.requests).toEqual([pathToFileURL(pages.get(62) ?? '').href])
    expect(tab.complaints).toEqual([])
  })

  it('is led through by the keyboard, and filters', async () => {
    await open(62, 1400, 'light')
    const press = async (key: string) => {
      for (const type of ['keyDown', 'keyUp'])
        await tab.send('Input.dispatchKeyEvent', {
          type,
          key,
          code: key,
          windowsVirtualKeyCode: key === 'Tab' ? 9 : 13,
          ...(type === 'keyDown' && key === 'Enter' ? { text: '\r' } : {}),
        })
    }
    await press('Tab')
    expect(await tab.evaluate('document.activeElement.className')).toBe('skip')
    await press('Enter')
    expect(await tab.evaluate('location.hash')).toBe('#images')
    await press('Tab')
    expect(await tab.evaluate('document.activeElement.id')).toBe('filter')
    await tab.send('Input.insertText', { text: 'missing' })
    expect(await tab.evaluate('document.querySelector("output").textContent')).toBe('1 image')
    expect(
      await tab.evaluate(
        '[...document.querySelectorAll(".rows tbody tr")].filter(row => row.checkVisibility()).length',
      ),
    ).toBe(1)
  })

  it('prints all images, in black on white', async () => {
    await open(62, 1400, 'dark')
    await tab.send('Emulation.setEmulatedMedia', {
      media: 'print',
      features: [{ name: 'prefers-color-scheme', value: 'dark' }],
    })
    expect(await tab.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)')
    expect(await tab.evaluate(`(${lowContrasts})()`)).toEqual([])
    const { data } = await tab.send('Page.printToPDF', { preferCSSPageSize: true })
    const pdf = Buffer.from(data, 'base64').toString('latin1')
    expect(pdf.match(/\/Type \/Page\b/g)?.length).toBeGreaterThan(3)
  })

  it('of 5,000 images is small, and painted at once', async () => {
    expect((await stat(pages.get(5000) ?? '')).size).toBeLessThan(MOST_BYTES)
    await open(5000, 1400, 'light')
    await open(5000, 1400, 'light')
    const paints = await tab.evaluate<number[]>(
      'performance.getEntriesByName("first-contentful-paint").map(({ startTime }) => startTime)',
    )
    expect(paints).toHaveLength(1)
    expect(await tab.evaluate('document.querySelectorAll(".rows tbody tr").length')).toBe(5000)
    console.error(`first paint of 5,000 images after ${Math.round(paints[0] ?? 0)} ms`)
    expect(paints[0]).toBeLessThan(FIRST_PAINT)
    expect(await tab.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
  })
})
