import { setImmediate } from 'node:timers/promises'
import { collectImageSet, createContext, type Context, type ImageSet, type ImageSetWorld } from '@gpreg/core'
import type { GpregError } from '@gpreg/oci'
import { toGpregError, type RegistriesOptions } from '@gpreg/oci/engine'
import { assertNoEmptyValue } from './arguments/empty-value.ts'
import { usageError } from './arguments/usage-error.ts'
import type { World } from './composition.ts'
import type { EventLog } from './events/event-log.ts'
import type { RunEvent } from './events/event-line.ts'
import { ExitCode, exitCodeOf } from './exit-codes.ts'
import { asksForJson, commonFlags } from './flags/common.ts'
import { environmentArguments, quotedVariables } from './flags/environment.ts'
import { imageSetRequest, type ImageSetFlags } from './flags/image-set.ts'
import { registriesOptions, type RegistryFlags } from './flags/registries.ts'
import type { Measure, MetricsOptions } from './metrics/run-metrics.ts'
import { Command, Errors, type Config, type Interfaces } from './oclif.ts'
import { listen } from './start/interruption.ts'
import { takeCacheProblem } from './start/code-cache.ts'
import { startProgress, type Progress } from './progress/progress.ts'
import { errorDocument, renderError } from './render/error.ts'
import { renderExcluded } from './render/image-set.ts'
import { paintFor, type Paint } from './render/text/paint.ts'
import { standardInput } from './standard-input.ts'
import { tuneV8 } from './v8-flags.ts'

interface CommonFlags {
  readonly quiet: boolean
  readonly verbose: boolean
  /** the file of `--events`, on commands that have the flag */
  readonly events?: string | undefined
  /** the time of `--watch`, on commands that have the flag */
  readonly watch?: string | undefined
}

type RoundEnd = Extract<RunEvent, { readonly type: 'round.ended' }>

/**
 * The base of all commands. It reads flags from the environment, handles interruption, prints the answer on stdout and everything
 * else on stderr, and sets the exit code.
 */
export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true
  static override baseFlags = commonFlags

  /** Runs a command with the configuration of this process. oclif would load it once more. */
  static override run<T extends Command>(
    this: new (argv: string[], config: Config) => T,
    argv: string[],
    config: Config,
  ): Promise<ReturnType<T['run']>> {
    const command: Command = new this(argv, config)
    return (command as BaseCommand)._run()
  }

  readonly #abort = new AbortController()
  #verbose = false
  #progress: Progress | undefined
  #world: World | undefined
  #log: EventLog | undefined
  /** What {@link sayExcluded} said last. */
  #excluded = ''
  #stopListening = () => {}

  /** The program and its version, as documents name it. */
  protected get tool(): string {
    return `gpreg ${this.config.version}`
  }

  /** Aborted when the user interrupts the command. */
  protected get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Creates the context of this run, and shows its events as progress. */
  protected async openContext({ quiet, verbose, events, watch }: CommonFlags): Promise<Context> {
    this.#verbose = verbose
    const progress = await startProgress({ quiet, verbose, onlyNews: watch !== undefined })
    this.#progress = progress
    const emit = tuneV8(
      events === undefined ? progress.emit : await this.#note(events, progress.emit),
      this.id,
    )
    const context = createContext({ emit, signal: this.signal })
    warnOfCache(context)
    return context
  }

  /** Opens the file of `--events`. @returns a sink that also writes every event there */
  async #note(path: string, emit: Context['emit']): Promise<Context['emit']> {
    const { openEventLog } = await import('./events/event-log.ts')
    const log = await openEventLog(path, message =>
      emit({ type: 'warning', code: 'not-kept', message, subject: { path } }),
    )
    this.#log = log
    log.write({
      type: 'run.started',
      command: this.id?.replaceAll(':', ' ') ?? '',
      version: this.config.version,
    })
    return event => {
      log.write(event)
      emit(event)
    }
  }

  /** Opens the registries and the other parts that a command works with. The registries are closed when the command ends. */
  protected async open(flags: CommonFlags & Partial<RegistryFlags>): Promise<World> {
    return this.#openWith(registriesOptions(flags), await this.openContext(flags))
  }

  /** The engine and what it stands on are loaded here, because a command without registries starts in half the time. */
  async #openWith(options: RegistriesOptions, context: Context): Promise<World> {
    const { openWorld } = await import('./composition.ts')
    return (this.#world = await openWorld(options, context))
  }

  /** Opens the registries, and collects the image set that the flags name. @param opened default: what the flags say */
  protected async collect(
    flags: CommonFlags & ImageSetFlags & RegistryFlags,
    opened?: World,
  ): Promise<World & { readonly set: ImageSet }> {
    const world = opened ?? (await this.open(flags))
    return { ...world, set: await this.#imageSet(flags, world) }
  }

  /** Collects the image set that the flags name, and opens the registries only if one of them has a part of it. */
  protected async discover(
    flags: CommonFlags & ImageSetFlags & RegistryFlags,
  ): Promise<Pick<ImageSetWorld, 'context' | 'stdin'> & { readonly set: ImageSet }> {
    const options = registriesOptions(flags)
    const context = await this.openContext(flags)
    const stdin = standardInput(context.signal)
    const set = await this.#imageSet(flags, {
      context,
      stdin,
      openVersions: async reference => (await this.#openWith(options, context)).openVersions(reference),
    })
    return { set, context, stdin }
  }

  async #imageSet(flags: CommonFlags & ImageSetFlags, world: ImageSetWorld): Promise<ImageSet> {
    const set = await collectImageSet(imageSetRequest(flags), world)
    this.sayExcluded(set, flags)
    return set
  }

  /** Says which images `--exclude` left out; once, if every round of a watch leaves out the same. */
  protected sayExcluded(set: Pick<ImageSet, 'excluded'>, { quiet }: CommonFlags): void {
    const text = renderExcluded(set).join('\n')
    if (!quiet && text !== this.#excluded && text !== '') this.say(text)
    this.#excluded = text
  }

  /** Opens the file of `--metrics`. Without one, nothing is measured. */
  protected async metrics<T>(
    { metrics, to }: { readonly metrics: string | undefined; readonly to: string | undefined },
    command: Pick<MetricsOptions<T>, 'command' | 'summarise'>,
  ): Promise<Measure<T>> {
    if (metrics === undefined) return { measure: work => work() }
    const { openMetrics } = await import('./metrics/run-metrics.ts')
    return openMetrics(metrics, {
      ...command,
      version: this.config.version,
      target: to,
      traffic: () => this.#world?.registries.traffic(),
      signal: this.signal,
      warn: message =>
        this.#progress?.emit({ type: 'warning', code: 'not-kept', message, subject: { path: metrics } }),
    })
  }

  /** A round of a watch begins. */
  protected beginRound(round: number): void {
    if (round > 1) this.#progress?.restart()
    this.#log?.write({ type: 'round.started', round })
  }

  /** Ends a round with its answer: a line of text, or a line of JSON. */
  protected answerRound(document: object, text: string, ended: Omit<RoundEnd, 'type'>): void {
    this.#progress?.stop()
    this.#log?.write({ type: 'round.ended', ...ended })
    if (this.jsonEnabled()) process.stdout.write(`${JSON.stringify(document)}\n`)
    else this.log(text)
  }

  /** Says what an interruption left. */
  protected sayStopped(): void {
    this.#progress?.stop()
    const tally = this.#progress?.tally()
    if (tally !== undefined) this.say(`stopped: ${tally}`)
  }

  /** Ends the command with its answer. Without `--json` the text is printed; with `--json` oclif prints the returned document. */
  protected answer<T>(
    document: T,
    render: (document: T, paint: Paint) => string,
    exitCode: ExitCode = ExitCode.done,
  ): T {
    this.#progress?.stop()
    process.exitCode = exitCode
    if (this.jsonEnabled()) return document
    const text = render(document, paintFor(process.stdout))
    if (text !== '') this.log(text)
    return document
  }

  /** Says something on stderr, in every mode. */
  protected say(text: string): void {
    process.stderr.write(`${text}\n`)
  }

  protected override async init(): Promise<void> {
    // Node tells of the signals that came while the program was loaded. They end it at once, because nothing is open yet.
    await setImmediate()
    this.#stopListening = listen(this.#interrupt)
    await super.init()
    const flags = { ...this.ctor.baseFlags, ...this.ctor.flags }
    this.argv = [...environmentArguments(flags, this.argv, process.env), ...this.argv]
  }

  /** @throws `usage` for an empty value */
  protected override async parse<
    F extends Interfaces.OutputFlags<F>,
    B extends Interfaces.OutputFlags<B>,
    A extends Interfaces.OutputArgs<A>,
  >(options?: Interfaces.Input<F, B, A>, argv?: string[]): Promise<Interfaces.ParserOutput<F, B, A>> {
    const parsed = await super.parse(options, argv)
    assertNoEmptyValue(parsed.raw, this.ctor)
    return parsed
  }

  /** The first signal aborts the work, which then stops tidily. The second signal ends the process at once. */
  readonly #interrupt = (): void => {
    if (this.signal.aborted) process.exit(ExitCode.interrupted)
    this.#abort.abort()
  }

  override jsonEnabled(): boolean {
    return asksForJson(this.argv, process.env)
  }

  protected override logJson(document: unknown): void {
    process.stdout.write(JSON.stringify(document, undefined, 2))
    process.stdout.write('\n')
  }

  /** Sets the exit code of exit-codes.ts with and without `--json`, because oclif itself has a different exit code for each. */
  protected override async catch(thrown: Error): Promise<void> {
    if (thrown instanceof Errors.ExitError) throw thrown
    this.#progress?.stop()
    const error =
      thrown instanceof Errors.CLIError
        ? usageError(thrown, this.ctor, process)
        : this.#named(toGpregError(thrown))
    process.exitCode = exitCodeOf(error.code)
    const options = { verbose: this.#verbose || error.code === 'bug', paint: paintFor(process.stderr) }
    if (error.code === 'aborted') this.sayStopped()
    if (this.jsonEnabled()) this.logJson(errorDocument(error))
    else this.say(renderError(error, options))
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    this.#progress?.stop()
    await this.#world?.registries.close()
    this.#log?.write({ type: 'run.ended', exitCode: Number(process.exitCode ?? ExitCode.done) })
    await this.#log?.close()
    this.#stopListening()
    await super.finally(error)
  }

  /** Names the variable of the environment that an input error quotes, because the user may not know of it. */
  #named(error: GpregError): GpregError {
    if (exitCodeOf(error.code) !== ExitCode.usage) return error
    const flags = Object.keys({ ...this.ctor.baseFlags, ...this.ctor.flags })
    const variables = quotedVariables(error.message, flags, process.argv, process.env)
    if (variables.length === 0) return error
    const hint = [
      ...(error.hint === undefined ? [] : [error.hint]),
      `the value is from ${variables.join(' and ')}`,
    ].join('; ')
    return error.with({ hint })
  }
}

function warnOfCache({ emit }: Context): void {
  const problem = takeCacheProblem()
  if (problem === undefined) return
  const { path, reason } = problem
  const message = `${path} cannot be written (${reason}), so every start compiles gpreg anew, which takes longer; XDG_CACHE_HOME names another directory`
  emit({ type: 'warning', code: 'not-kept', message, subject: { path } })
}
