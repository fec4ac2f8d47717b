import { formatCount, formatCounted, formatDuration, formatPerSecond } from './format-figures.js'
import type { Stage } from './stage.js'
import { timed, timedRepeatedly } from './stopwatch.js'
import type { Timing } from './stopwatch.js'
import { nameOfKey } from './world.js'
import type { World } from './world.js'

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

/** One line of an answer: a name, its country, and its inhabitants where that is what was asked. */
interface AnswerLine {
  readonly name: string
  readonly country: string
  readonly population?: number
}

interface Question {
  readonly question: string
  /** How a program asks. */
  readonly code: string
  readonly ask: (world: World) => AnswerLine[]
  /** Tells whether an answer can be right. */
  readonly plausible: (answer: readonly AnswerLine[]) => boolean
}

const MILLION = 1_000_000
const SHOWN_MAX = 5
const NAME_COLUMNS = 26
const CHART_COLUMNS = 24
const LOOKUP_COUNT = 100_000

const QUESTIONS: readonly Question[] = [
  {
    question: 'The five largest cities of Japan',
    code: "byCountry.entries({ prefix: ['JP'], reverse: true, limit: 5 })",
    ask: ({ byCountry }) =>
      byCountry
        .entries({ prefix: ['JP'], reverse: true, limit: 5 })
        .map(([key, name]) => answerLine(key, name))
        .toArray(),
    plausible: (answer) => answer[0]?.name === 'Tokyo' && isDescending(answer),
  },
  {
    question: 'The cities of India with one to two million people',
    code: "byCountry.entries({ gte: ['IN', 1_000_000], lt: ['IN', 2_000_000] })",
    ask: ({ byCountry }) =>
      byCountry
        .entries({ gte: ['IN', MILLION], lt: ['IN', 2 * MILLION] })
        .map(([key, name]) => answerLine(key, name))
        .toArray(),
    plausible: (answer) =>
      answer.length > 0 &&
      answer.every(
        ({ country, population = 0 }) =>
          country === 'IN' && population >= MILLION && population < 2 * MILLION,
      ),
  },
  {
    question: 'The cities whose name begins with “Santiago de ”',
    code: "byName.entries({ prefix: 'Santiago de ' })",
    ask: ({ byName }) =>
      byName
        .entries({ prefix: 'Santiago de ' })
        .map(([key, country]) => ({ name: nameOfKey(key), country }))
        .toArray(),
    plausible: (answer) => answer.length > 0 && answer.every(({ name }) => name.startsWith('Santiago de ')),
  },
  {
    question: 'The largest city of every country',
    code: 'for (let found = cursor.first(); found; found = cursor.seek([cursor.key[0]]))',
    ask: ({ byCountry }) => {
      using cursor = byCountry.cursor({ reverse: true })
      const largest: AnswerLine[] = []
      // Backwards, the first entry of a country is its largest city; the seek leaps over all the others.
      for (let found = cursor.first(); found; found = cursor.seek([largest.at(-1)?.country ?? ''])) {
        largest.push(answerLine(cursor.key, cursor.value))
      }
      return largest.sort((a, b) => (b.population ?? 0) - (a.population ?? 0))
    },
    plausible: (answer) =>
      new Set(answer.map(({ country }) => country)).size === answer.length && isDescending(answer),
  },
]

/** Scene: questions, how a program asks them, and how long the answers take. */
export function askQuestions(stage: Stage): { questions: QuestionFigures[]; lookups: LookupFigures } {
  const { screen } = stage
  screen.say(
    'At the right: how long the answer took when it was first asked for, and the median of asking again.',
  )
  const questions = QUESTIONS.map((question) => ask(stage, question))
  return { questions, lookups: lookUp(stage) }
}

function ask(
  { screen, checks, world }: Stage,
  { question, code, ask, plausible }: Question,
): QuestionFigures {
  const { result: answer, timing } = timedRepeatedly(() => ask(world))
  screen.line('')
  screen.heading(question, `${formatDuration(timing.firstMs)}, then ${formatDuration(timing.medianMs)}`)
  screen.code(code)
  const greatest = Math.max(...answer.map(({ population = 0 }) => population))
  for (const { name, country, population } of answer.slice(0, SHOWN_MAX)) {
    const label = `    ${name.padEnd(NAME_COLUMNS)} ${country}`
    if (population === undefined) screen.line(label)
    else {
      const bar = screen.bar(population / greatest, CHART_COLUMNS)
      screen.line(`${label}  ${formatCount(population).padStart(10)}  ${bar}`)
    }
  }
  const more = answer.length - SHOWN_MAX
  if (more > 0) screen.line(screen.soft(`    and ${formatCount(more)} more`))
  if (!plausible(answer)) checks.expect('questions.answer', false, `This answer is wrong: ${question}`)
  return { question, answerCount: answer.length, ...timing }
}

/** Random gets by id, decoded: each must give the record that it asked for. */
function lookUp({ screen, checks, world }: Stage): LookupFigures {
  const ids = world.cities.keys().toArray()
  const wanted = Array.from({ length: LOOKUP_COUNT }, () => ids[Math.floor(Math.random() * ids.length)] ?? '')
  const { result: rightCount, ms } = timed(() => {
    let right = 0
    for (const id of wanted) {
      if (String(world.cities.get(id)?.id) === id) right++
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

function answerLine([country, population]: readonly (string | number)[], name: string): AnswerLine {
  return { name, country: String(country), population: Number(population) }
}

function isDescending(answer: readonly AnswerLine[]): boolean {
  return answer.every(
    ({ population = 0 }, index) => population <= (answer[index - 1]?.population ?? Infinity),
  )
}
