import type { MirrorResult } from '@gpreg/core'
import { BaseCommand } from '../base-command.ts'
import type { World } from '../composition.ts'
import { exitCodeOfMirror } from '../exit-codes.ts'
import { errorDocument } from '../render/error.ts'
import { paintFor } from '../render/text/paint.ts'
import { renderRound } from './render.ts'
import { runRounds, type Round } from './rounds.ts'
import { sameInput } from './same-input.ts'

/** A command that can go on: the same work again and again, until it is interrupted. */
export abstract class WatchCommand extends BaseCommand {
  /**
   * Runs rounds, and answers each of them with one line.
   * @param interval milliseconds
   * @param run the work of a round; standard input, if it was named, has the same text in each
   */
  protected async keepCurrent(
    interval: number,
    world: World,
    run: (world: World) => Promise<MirrorResult>,
  ): Promise<void> {
    const { context, registries } = world
    const inputOf = sameInput(world.stdin)
    let isRenewalDue = false
    process.exitCode = await runRounds<MirrorResult>(
      {
        interval,
        run: async number => {
          this.beginRound(number)
          if (isRenewalDue) await registries.renew()
          return run({ ...world, stdin: inputOf() })
        },
        exitCodeOf: exitCodeOfMirror,
        report: round => {
          isRenewalDue = round.failures > 0
          this.#answer(round, context.now())
        },
      },
      context,
    )
    this.sayStopped()
  }

  #answer(round: Round<MirrorResult>, now: number): void {
    const { number, result, error, exitCode, wait } = round
    const told = { number, exitCode, next: new Date(now + wait).toISOString() }
    const document = error === undefined ? result : errorDocument(error)
    const text = renderRound(round, now, paintFor(process.stdout))
    this.answerRound({ ...document, round: told }, text, { round: number, exitCode, wait })
  }
}
