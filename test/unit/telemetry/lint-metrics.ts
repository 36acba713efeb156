export interface Series {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** The series of a text in Prometheus' format. Strict: a line that is neither a comment nor a series throws. */
export function seriesOf(text: string): readonly Series[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const parts = /^([a-z][a-z0-9_]*)(?:\{(.*)\})? (\S+)$/.exec(line)
      if (parts === null) throw new Error(`not a series: ${line}`)
      const [, name = '', labels = '', value = ''] = parts
      const pairs = [...labels.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"(?:,|$)/g)]
      return {
        name,
        labels: Object.fromEntries(pairs.map(([, key, text]) => [key, text])),
        value: Number(value),
      }
    })
}

/** The rules of `promtool check metrics` that matter here, for machines without promtool. */
export function lintMetrics(text: string): readonly string[] {
  const help = new Set([...text.matchAll(/^# HELP (\S+) .+$/gm)].map(([, name]) => name))
  return [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = '', type = '']) => {
    const found: string[] = []
    if (!help.has(name)) found.push(`${name} has no HELP`)
    if (type === 'counter' && !name.endsWith('_total')) found.push(`${name} lacks _total`)
    if (type !== 'counter' && name.endsWith('_total')) {
      found.push(`${name} ends in _total and is a ${type}`)
    }
    if (/_(milli|micro|nano)seconds|_(minutes|hours|days|kilobytes|percent)(_|$)/.test(name)) {
      found.push(`${name} is not in base units`)
    }
    if (name !== name.toLowerCase()) found.push(`${name} is not in snake case`)
    return found
  })
}
