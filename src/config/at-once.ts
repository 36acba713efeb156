/** Thousands of reads at once would only wait for the few threads of the file system, and keep thousands of buffers meanwhile. */
export const READS_AT_ONCE = 32

/** Does `work` for each item, `READS_AT_ONCE` of them at a time. @returns how each ended, in their order */
export async function settleAll<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly PromiseSettledResult<Result>[]> {
  const results: PromiseSettledResult<Result>[] = []
  const left = items.entries()
  const worker = async (): Promise<void> => {
    // All workers draw from one iterator.
    for (const [index, item] of left) [results[index]] = await Promise.allSettled([work(item)])
  }
  await Promise.all(Array.from({ length: READS_AT_ONCE }, worker))
  return results
}
