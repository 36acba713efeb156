import type { SecretValue } from '../kernel/secret-value.ts'
import { FORM_LENGTH_MIN, plainForm, secretForms } from './secret-forms.ts'

const MASK = '[redacted]'

/**
 * The secrets that are live now, and the last line of defence against printing one: types keep them out of logs, this
 * masks what a library's message or a stack trace carries. Each owner (a credential, the admin token) replaces its own
 * set, so that a retired secret is forgotten here as well.
 *
 * A line in which nothing is found costs one set look-up per character, however many secrets there are.
 */
export class LiveSecrets {
  readonly #owned = new Map<string, readonly SecretValue[]>()
  /** By the secret itself: how many owners hold it, and its forms, which take twenty times as long to write as to look up. */
  readonly #held = new Map<string, Held>()
  /** The forms by the hash of their first characters, the longest first; two secrets may have the same one. */
  readonly #byHead = new Map<number, readonly string[]>()

  /** Replaces the secrets of `owner`; an empty list forgets them. Forms below `FORM_LENGTH_MIN` can't be masked. */
  set(owner: string, secrets: readonly SecretValue[]): void {
    const before = this.#owned.get(owner) ?? []
    const added = secrets.filter((secret) => !before.some((old) => old.equals(secret)))
    const removed = before.filter((old) => !secrets.some((secret) => secret.equals(old)))
    if (secrets.length === 0) this.#owned.delete(owner)
    else this.#owned.set(owner, distinct(secrets))
    for (const secret of distinct(added)) this.#hold(secret)
    for (const secret of removed) this.#release(secret)
  }

  /** The text with every form of every live secret masked; the same string when there is none. */
  scrub(text: string): string {
    if (this.#byHead.size === 0) return text
    let clean = ''
    let keptFrom = 0
    let head = 0
    for (let end = 0; end < text.length; end++) {
      head = rollHead(head, text.charCodeAt(end))
      const forms = this.#byHead.get(head)
      if (forms === undefined) continue
      const start = end + 1 - FORM_LENGTH_MIN
      if (start < keptFrom) continue
      const found = forms.find((form) => text.startsWith(form, start))
      if (found === undefined) continue
      clean += text.slice(keptFrom, start) + MASK
      keptFrom = start + found.length
      // The loop's own step follows, and the head is refilled before it is believed (`start < keptFrom`).
      end = keptFrom - 1
    }
    return keptFrom === 0 ? text : clean + text.slice(keptFrom)
  }

  #hold(secret: SecretValue): void {
    const plain = plainForm(secret)
    const held = this.#held.get(plain)
    if (held !== undefined) {
      held.owners++
      return
    }
    const forms = secretForms(secret)
    this.#held.set(plain, { owners: 1, forms })
    for (const form of forms) {
      const head = headOf(form)
      const alike = [...(this.#byHead.get(head) ?? []), form]
      this.#byHead.set(
        head,
        alike.toSorted((a, b) => b.length - a.length),
      )
    }
  }

  #release(secret: SecretValue): void {
    const plain = plainForm(secret)
    const held = this.#held.get(plain)
    if (held === undefined || --held.owners > 0) return
    this.#held.delete(plain)
    for (const form of held.forms) {
      const head = headOf(form)
      const alike = this.#byHead.get(head) ?? []
      const others = alike.toSpliced(alike.indexOf(form), 1)
      if (others.length === 0) this.#byHead.delete(head)
      else this.#byHead.set(head, others)
    }
  }
}

interface Held {
  owners: number
  readonly forms: readonly string[]
}

function distinct(secrets: readonly SecretValue[]): readonly SecretValue[] {
  const first = secrets.filter((secret, at) => secrets.findIndex((s) => s.equals(secret)) === at)
  // A filtered array keeps room for many more.
  return first.slice()
}

/** Seven bits of each of the last four characters; a small integer, so that the map needs no boxed numbers. */
function rollHead(head: number, charCode: number): number {
  return ((head << 7) | (charCode & 0x7f)) & 0xfffffff
}

function headOf(form: string): number {
  let head = 0
  for (let at = 0; at < FORM_LENGTH_MIN; at++) head = rollHead(head, form.charCodeAt(at))
  return head
}
