/** A seed that once failed, and what it showed. */
export interface KeptSeed {
  readonly seed: number
  readonly story: string
}

/** Failing seeds are kept when their bug is fixed, beside a unit test that names it. */
export const KEPT_SEEDS: readonly KeptSeed[] = [
  { seed: 23, story: 'a clock set back during a drain prolonged it by as much' },
  { seed: 487, story: 'the back-off of a process whose clock was ahead held up the next one' },
  { seed: 710, story: 'a foreign secret appeared between the intent and the create' },
  { seed: 994, story: 'an older late create held up the abort of the next candidate' },
  { seed: 1542, story: 'the only listed id was somebody else’s, while ours was still accepted' },
  { seed: 1797, story: 'a tombstone from the future hid a late create' },
  { seed: 1822, story: 'a suspicion from the future asked the provider without end' },
  { seed: 997999270, story: 'a candidate that lived on under another id was given up too early' },
  { seed: 4815, story: 'a stage that nobody watched ended with a restart' },
  { seed: 10275, story: 'a probe right after a revoke was believed for ten minutes' },
  {
    seed: 13633,
    story: 'a given up candidate that served again was never asked whether it had died',
  },
  { seed: 904018732, story: 'a late copy of a revoked candidate was listed too late' },
  {
    seed: 17053,
    story: 'a candidate revoked before it was ever accepted took a foreign id with it',
  },
  { seed: 6316, story: 'a first request with a new version took back what its replica had said' },
  { seed: 325137725, story: 'a secondary waits as long as nothing works of its primary' },
  {
    seed: 794483024,
    story: 'a process whose clock ran ahead was patient with a revoke of seconds',
  },
  {
    seed: 783542291,
    story: 'an absence was counted from before a list was sent that a pause held up',
  },
  { seed: 6809, story: 'the same, while the intent to revoke was being saved' },
  {
    seed: 920833953,
    story: 'of two ids an operator revoked ours, whose value lived on beside the other',
  },
  {
    seed: 1000003034,
    story: 'a back-off was saved by a clock that had been set ahead in mid-rotation',
  },
  {
    seed: 1000003617,
    story: 'a request went back to the old version milliseconds before its revoke',
  },
  {
    seed: 1000004787,
    story:
      'the old version was revoked after somebody else had revoked the new one, still accepted',
  },
  {
    seed: 1000022771,
    story: 'a process that was frozen took nobody for watching the stage, and promoted',
  },
  {
    seed: 41118,
    story: 'the tombstone of a clock ahead outlived the restamp, and hid a late create',
  },
  {
    seed: 1000053133,
    story: 'ours was accepted, revoked, and took the id of somebody else’s that came after it',
  },
  {
    seed: 1000111967,
    story:
      'a crash forgot the second id before it was told, and the first one was revoked meanwhile',
  },
]
