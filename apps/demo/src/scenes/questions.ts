import { formatCount, formatCounted, formatDuration, formatPerSecond } from '../output/format-figures.js'
import { isSameAnswer, QUESTIONS } from './question-list.js'
import type { AnswerLine, Question } from './question-list.js'
import type { SceneContext } from './scene-context.js'
import { timed, timedRepeatedly } from './stopwatch.js'
import type { Timing } from './stopwatch.js'

/** The results of one question. */
export interface QuestionFigures extends Timing {
  readonly question: string
  /** Number of entries in the answer. */
  readonly answerCount: number
}

/** The results of the gets by id. */
export interface LookupFigures {
  readonly lookupCount: number
  readonly ms: number
  readonly lookupsPerSecond: number
}

const SHOWN_MAX = 5
const NAME_COLUMNS = 26
const CHART_COLUMNS = 24
const LOOKUP_COUNT = 100_000

/** Scene: answers questions from the indexes, and measures the queries. */
export async function askQuestions(
  context: SceneContext,
): Promise<{ questions: QuestionFigures[]; lookups: LookupFigures }> {
  context.screen.note('On the right: the time of the first query, then the median of repeated queries.')
  const questions: QuestionFigures[] = []
  const answers: AnswerLine[][] = []
  for (const question of QUESTIONS) {
    const { answer, figures } = runQuestion(context, question)
    answers.push(answer)
    questions.push(figures)
    await context.yieldToEvents()
  }
  const lookups = lookUp(context)
  await context.yieldToEvents()
  expectScanAgrees(context, answers)
  return { questions, lookups }
}

function runQuestion(
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

/** Verifies the answers of the indexes against a scan of all records. */
function expectScanAgrees({ checks, store }: SceneContext, answers: readonly AnswerLine[][]): void {
  const { result: cities, ms } = timed(() => store.cities.values().toArray())
  const wrong = QUESTIONS.filter(
    ({ scanRecords }, index) => !isSameAnswer(answers[index] ?? [], scanRecords(cities)),
  )
  checks.expect(
    'questions.answers',
    wrong.length === 0,
    wrong.length === 0
      ? `A scan of all records gives the same answers, in ${formatDuration(ms)}`
      : `A scan of all records gives other answers to: ${wrong.map(({ question }) => question).join('; ')}`,
  )
}

/** Gets random records by id and verifies them. */
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
    `${formatCount(LOOKUP_COUNT)} gets of random ids`,
    `${formatPerSecond(LOOKUP_COUNT, ms)} gets/s`,
  )
  screen.code('cities.get(id)')
  screen.line('')
  checks.expect(
    'questions.lookups',
    rightCount === LOOKUP_COUNT,
    `${formatCounted(rightCount, 'get')} returned the right record, decoded from JSON`,
  )
  return { lookupCount: LOOKUP_COUNT, ms, lookupsPerSecond: Math.round((LOOKUP_COUNT * 1000) / ms) }
}
