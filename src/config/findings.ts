import type { ConfigIssue } from '../kernel/errors.ts'
import type { Refusal } from './refusal.ts'
import type { Path } from './yaml-document.ts'

/** Collects what is wrong and what is doubtful, so that the user sees all of it at once. */
export class Findings {
  readonly #lineOf: (path: Path) => number | null
  readonly #errors: ConfigIssue[] = []
  readonly #warnings: ConfigIssue[] = []
  /** What was said already: two checks may see the same thing. */
  readonly #said = new Set<string>()

  constructor(lineOf: (path: Path) => number | null) {
    this.#lineOf = lineOf
  }

  error(path: Path, refusal: Refusal, line = this.#lineOf(path)): void {
    const found = issue(path, line, refusal)
    const key = `${found.path}\n${found.message}`
    if (this.#said.has(key)) return
    this.#said.add(key)
    this.#errors.push(found)
  }

  warn(path: Path, refusal: Refusal): void {
    this.#warnings.push(issue(path, this.#lineOf(path), refusal))
  }

  /** In the order of the file. */
  get errors(): readonly ConfigIssue[] {
    return inOrder(this.#errors)
  }

  /** In the order of the file. */
  get warnings(): readonly ConfigIssue[] {
    return inOrder(this.#warnings)
  }
}

function issue(path: Path, line: number | null, { message, remedy }: Refusal): ConfigIssue {
  return { path: formatPath(path), line, message, remedy }
}

function inOrder(issues: readonly ConfigIssue[]): readonly ConfigIssue[] {
  return issues.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0))
}

/** `credentials.partner.secret`, `routes[0].inject.json["/api_key"]`. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`
    if (!/^[\w-]+$/.test(step)) return `${text}[${JSON.stringify(step)}]`
    return text === '' ? step : `${text}.${step}`
  }, '')
}
