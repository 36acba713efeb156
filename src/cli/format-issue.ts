import type { ConfigIssue } from '../kernel/errors.ts'

/** `FILE:LINE path: message — remedy`, as editors and terminals link it; `FILE: …` of the file as a whole. */
export function formatIssue(file: string, { path, line, message, remedy }: ConfigIssue): string {
  const place = line === null ? file : `${file}:${line}`
  return `${place}${path === '' ? '' : ` ${path}`}: ${message} — ${remedy}`
}
