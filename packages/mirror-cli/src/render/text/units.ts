const UNITS = ['KiB', 'MiB', 'GiB', 'TiB'] as const

/** `1536` is `1.5 KiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${Math.round(bytes)} B`
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length)
  const value = bytes / 1024 ** power
  return `${value.toFixed(value < 100 ? 1 : 0)} ${UNITS[power - 1]}`
}

/** `125` is `2 min 5 s`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) return `${Number(seconds.toFixed(1))} s`
  // Rounded before it is divided, so that 59.6 is a minute and not 60 s.
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  const minutes = Math.floor(whole / 60)
  if (minutes < 60) return `${minutes} min ${whole % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** The local time of day of a moment in milliseconds since the epoch: `14:05`. */
export function formatTime(moment: number): string {
  const date = new Date(moment)
  return [date.getHours(), date.getMinutes()].map(part => String(part).padStart(2, '0')).join(':')
}

/** `1 image`, `2 images`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
