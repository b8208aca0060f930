import type { Traffic } from '@gpreg/oci/engine'
import type { Family, Sample } from './exposition.ts'
import type { Summary } from './summary.ts'

/** What is known after a run, or after a round of a watch. Times are seconds. */
export interface RunFacts extends Omit<Summary, 'images'> {
  /** keeps the series of several files in one directory apart */
  readonly name: string
  readonly command: 'mirror' | 'verify'
  readonly version: string
  readonly target: string | undefined
  /** absent if the run failed as a whole */
  readonly images?: Summary['images']
  readonly seconds: number
  /** since the epoch */
  readonly finished: number
  /** since the epoch; undefined if no run succeeded */
  readonly lastSuccess: number | undefined
  /** since the process started */
  readonly counts: { readonly success: number; readonly failure: number; readonly sent: number }
  readonly traffic: Traffic | undefined
}

/** The metrics of a run. Their names and labels are a contract (docs/watch.md). */
export function families(run: RunFacts): Family[] {
  const { name, version, command } = run
  return [
    {
      name: 'gpreg_build_info',
      type: 'gauge',
      help: 'The version of gpreg.',
      samples: [{ labels: { name, version }, value: 1 }],
    },
    ...[...outcome(run), ...content(run), ...requests(run)].map(family => ({
      ...family,
      name: `gpreg_${command}_${family.name}`,
      samples: family.samples.map(sample => withRun(sample, run)),
    })),
  ]
}

function withRun({ labels, value }: Sample, { name, target }: RunFacts): Sample {
  return { labels: { name, ...(target === undefined ? {} : { target }), ...labels }, value }
}

function outcome({ exitCode, seconds, finished, lastSuccess, counts }: RunFacts): Family[] {
  return [
    gauge('last_run_success', 'Whether the last run ended with exit code 0.', exitCode === 0 ? 1 : 0),
    gauge('last_run_exit_code', 'The exit code of the last run.', exitCode),
    gauge('last_run_timestamp_seconds', 'When the last run ended.', finished),
    gauge('last_success_timestamp_seconds', 'When the last run with exit code 0 ended.', lastSuccess),
    gauge('duration_seconds', 'How long the last run took.', seconds),
    counter('runs_total', 'Runs of this process by their result.', [
      { labels: { result: 'success' }, value: counts.success },
      { labels: { result: 'failure' }, value: counts.failure },
    ]),
  ]
}

function content({ command, images, failures, bytes, counts }: RunFacts): Family[] {
  const byCode = Map.groupBy(failures, code => code)
  return [
    {
      name: 'images',
      type: 'gauge',
      help: 'Images of the last run by state. Absent if the run failed as a whole.',
      samples: samplesBy('state', Object.entries(images ?? {})),
    },
    {
      name: 'failures',
      type: 'gauge',
      help: 'Failures of the last run by error code: one for each image, or one for the run as a whole.',
      samples: samplesBy(
        'code',
        [...byCode].map(([code, all]) => [code, all.length] as const),
      ),
    },
    {
      name: 'blob_bytes',
      type: 'gauge',
      help: 'Bytes of blobs in the last run by what became of them.',
      samples: samplesBy('state', Object.entries(bytes ?? {})),
    },
    counter(
      'sent_bytes_total',
      'Bytes of blobs that this process sent.',
      command === 'mirror' ? [{ value: counts.sent }] : [],
    ),
  ]
}

function requests({ traffic }: RunFacts): Family[] {
  if (traffic === undefined) return []
  return [
    counter(
      'requests_total',
      'HTTP requests of this process by side and host.',
      traffic.hosts.map(({ side, host, requests }) => ({ labels: { side, host }, value: requests })),
    ),
    counter('retries_total', 'Requests that this process tried again.', [{ value: traffic.retries }]),
  ]
}

function samplesBy(label: string, entries: readonly (readonly [string, number])[]): Sample[] {
  return entries.map(([key, value]) => ({ labels: { [label]: key }, value }))
}

function gauge(name: string, help: string, value: number | undefined): Family {
  return { name, type: 'gauge', help, samples: value === undefined ? [] : [{ value }] }
}

function counter(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, type: 'counter', help, samples }
}
