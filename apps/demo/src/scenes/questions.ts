import { formatCount, formatCounted, formatDuration, formatPerSecond } from '../output/format-figures.js'
import { isSameAnswer, QUESTIONS } from './question-list.js'
import type { AnswerLine, Question } from './question-list.js'
import type { SceneContext } from './scene-context.js'
import { timed, timedRepeatedly } from './stopwatch.js'
import type { Timing } from './stopwatch.js'

/** What one question measured. */
export interface QuestionFigures extends Timing {
  readonly question: string
  /** Entries of the answer. */
  readonly answerCount: number
}

/** What the exact lookups measured. */
export interface LookupFigures {
  readonly lookupCount: number
  readonly ms: number
  readonly lookupsPerSecond: number
}

const SHOWN_MAX = 5
const NAME_COLUMNS = 26
const CHART_COLUMNS = 24
const LOOKUP_COUNT = 100_000

/** Scene: questions, how a program asks them, and how long the answers take. */
export async function askQuestions(
  context: SceneContext,
): Promise<{ questions: QuestionFigures[]; lookups: LookupFigures }> {
  context.screen.note('At the right: the time of the first answer, and the median of asking again.')
  const questions: QuestionFigures[] = []
  const answers: AnswerLine[][] = []
  for (const question of QUESTIONS) {
    const { answer, figures } = ask(context, question)
    answers.push(answer)
    questions.push(figures)
    await context.yieldToEvents()
  }
  const lookups = lookUp(context)
  await context.yieldToEvents()
  expectScanAgrees(context, answers)
  return { questions, lookups }
}

function ask(
  { screen, store }: SceneContext,
  { question, code, queryIndex }: Question,
): { answer: AnswerLine[]; figures: QuestionFigures } {
  const { result: answer, timing } = timedRepeatedly(() => queryIndex(store))
  screen.line('')
  screen.heading(question, `${formatDuration(timing.firstMs)}, then ${formatDuration(timing.medianMs)}`)
  screen.code(code)
  const greatest = Math.max(...answer.map(({ population = 0 }) => population))
  for (const { name, country, population } of answer.slice(0, SHOWN_MAX)) {
    const label = `    ${name.padEnd(NAME_COLUMNS)} ${country}`
    if (population === undefined) {
      screen.line(label)
    } else {
      const bar = screen.bar(population / greatest, CHART_COLUMNS)
      screen.line(`${label}  ${formatCount(population).padStart(10)}  ${bar}`)
    }
  }
  const more = answer.length - SHOWN_MAX
  if (more > 0) screen.line(screen.dim(`    and ${formatCount(more)} more`))
  return { answer, figures: { question, answerCount: answer.length, ...timing } }
}

/** The indexes must know what the records know. */
function expectScanAgrees({ checks, store }: SceneContext, answers: readonly AnswerLine[][]): void {
  const { result: cities, ms } = timed(() => store.cities.values().toArray())
  const wrong = QUESTIONS.filter(
    ({ scanRecords }, index) => !isSameAnswer(answers[index] ?? [], scanRecords(cities)),
  )
  checks.expect(
    'questions.answers',
    wrong.length === 0,
    wrong.length === 0
      ? `The answers are those of looking through every record, which takes ${formatDuration(ms)}`
      : `Looking through every record gives other answers to: ${wrong.map(({ question }) => question).join('; ')}`,
  )
}

/** Random gets by id, decoded: each must give the record that it asked for. */
function lookUp({ screen, checks, store }: SceneContext): LookupFigures {
  const ids = store.cities.keys().toArray()
  const wanted = Array.from({ length: LOOKUP_COUNT }, () => ids[Math.floor(Math.random() * ids.length)] ?? '')
  const { result: rightCount, ms } = timed(() => {
    let right = 0
    for (const id of wanted) {
      if (String(store.cities.get(id)?.id) === id) right++
    }
    return right
  })
  screen.line('')
  screen.heading(
    `${formatCount(LOOKUP_COUNT)} cities by id, at random`,
    `${formatPerSecond(LOOKUP_COUNT, ms)} gets/s`,
  )
  screen.code('cities.get(id)')
  screen.line('')
  checks.expect(
    'questions.lookups',
    rightCount === LOOKUP_COUNT,
    `${formatCounted(rightCount, 'record')} found, decoded from JSON, each the one that was asked for`,
  )
  return { lookupCount: LOOKUP_COUNT, ms, lookupsPerSecond: Math.round((LOOKUP_COUNT * 1000) / ms) }
}
