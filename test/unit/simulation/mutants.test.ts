import { expect, test } from 'vitest'
import { staleTexts } from '../../simulation/mutant-loader.ts'
import { MUTANTS } from '../../simulation/mutants.ts'

// The simulation says the same, but minutes later: whoever edits the engine learns it from `npm run check`.
test.each(MUTANTS)('mutant $name still applies to the source', ({ patches }) => {
  expect(staleTexts(patches)).toEqual([])
})
