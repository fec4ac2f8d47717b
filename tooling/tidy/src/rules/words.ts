import type { Finding } from '../finding.js'

/** A term that this code no longer uses, and the field's term for it. */
interface OldTerm {
  readonly pattern: RegExp
  readonly instead: string
}

/** Names and phrases that were private words, with the standard terms that replaced them. */
export const OLD_TERMS: readonly OldTerm[] = [
  {
    pattern: /\b(?:lent|lend|lends|lending)\b|\b(?:is|un)?[Ll]ent[A-Z]|[a-z]Lent\b/,
    instead: 'borrowed, borrow',
  },
  { pattern: /\b[Nn]ewcomers?\b/, instead: 'small queue' },
  { pattern: /\bdeparted\b|DepartedPages/, instead: 'ghost queue' },
  { pattern: /\b[Oo]utdat(?:e|es)\b/, instead: 'invalidate' },
  { pattern: /\bgiveUp\b|\bgiv(?:e|es|en|ing) up\b|\bgave up\b/, instead: 'retire, release, stop' },
  { pattern: /\bgiv(?:e|es|en|ing) back\b|\bgave back\b|[gG]iveBack/, instead: 'release, free, return' },
  { pattern: /\bletGo\b|\blets? go\b/, instead: 'unpin, release' },
  { pattern: /HeldList|\bsift(?:s|ed|ing)?\b/, instead: 'pending-free list, reclaim sweep' },
  { pattern: /\bTURN_|\bhas its turn\b|\bin turns\b|isTurnOver|nextTurn/, instead: 'time slice' },
  { pattern: /SteppedWork/, instead: 'ResumableTask' },
  { pattern: /KeptApart|\bkept apart\b|\bkeeps apart\b/, instead: 'out of line' },
  { pattern: /\bway down\b/, instead: 'descent' },
  { pattern: /\bmade sure of\b|\bmakes sure\b|\bmake sure\b/, instead: 'persisted again, ensures' },
  { pattern: /\b[Uu]nset ?[Bb]ytes\b/, instead: 'uninitialized bytes' },
  {
    pattern: /TakenSlots|ManyValues|FoundNames|WrittenPages|PlaceIndex|AsyncFace|CommitReceipt|WriteLine/,
    instead: 'the name in docs/GLOSSARY.md',
  },
  {
    pattern: /\b[Uu]nhurried\b|\b[Uu]nasked\b|\bisCrowded\b/,
    instead: 'explicit, automatic, tooManySegments',
  },
  { pattern: /\b[Ss]teady ?[Cc]ursor\b|\bisSteady\b/, instead: 'retryable cursor' },
  { pattern: /\bsent ahead\b/, instead: 'early writeback' },
  { pattern: /\b(?:no|some|any|every)body\b|\bwhoever\b/i, instead: 'the caller, the reader, no reader' },
  {
    pattern: /\b(?:is|are|was|were) told\b|\btold of\b|\btells (?:of|how|what|where|that|apart)\b/,
    instead: 'is notified, reports, states',
  },
  {
    pattern: /\b(?:sync|async|other|public|synchronous|asynchronous) faces?\b|\btwo faces\b/,
    instead: 'API',
  },
  { pattern: /\bthe border\b/, instead: 'the API boundary' },
  { pattern: /\boutgrown\b/, instead: 'larger than memory' },
  {
    pattern: /\bsealed(?:Store|Value)?\b(?=.*\b(?:ttl|expir))|sealedStore|pinSealed/i,
    instead: 'raw store, expiry header',
  },
]

/** Reports old terms in one file, source or document. `path` is from the root. */
export function checkWords(path: string, text: string): Finding[] {
  return text.split('\n').flatMap((line, index) =>
    OLD_TERMS.flatMap(({ pattern, instead }) => {
      const match = pattern.exec(line)
      if (match === null) return []
      return [{ place: `${path}:${index + 1}`, message: `"${match[0]}": write ${instead}` }]
    }),
  )
}
