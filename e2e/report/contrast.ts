/**
 * Runs in a page: finds texts whose contrast is below 4.5 to 1, or 3 to 1 if they are large.
 * https://www.w3.org/TR/WCAG22/#contrast-minimum
 */
export const lowContrasts = `() => {
  const channels = color => (color.match(/[\\d.]+/g) ?? []).map(Number)
  const luminance = color => {
    const [red, green, blue] = channels(color).map(value => {
      const part = value / 255
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const paperOf = element => {
    for (let each = element; each !== null; each = each.parentElement) {
      const { backgroundColor } = getComputedStyle(each)
      if ((channels(backgroundColor)[3] ?? 1) > 0) return backgroundColor
    }
    return 'rgb(255, 255, 255)'
  }
  const low = new Set()
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node; (node = walker.nextNode()); ) {
    const element = node.parentElement
    if (node.data.trim() === '' || ['SCRIPT', 'STYLE'].includes(element.tagName) || !element.checkVisibility()) continue
    const { color, fontSize, fontWeight } = getComputedStyle(element)
    const [a, b] = [luminance(color), luminance(paperOf(element))]
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
    const pixels = parseFloat(fontSize)
    const isLarge = pixels >= 24 || (pixels >= 18.66 && Number(fontWeight) >= 700)
    if (contrast < (isLarge ? 3 : 4.5)) low.add(element.tagName + ' ' + element.className + ' ' + contrast.toFixed(2))
  }
  return [...low]
}`
